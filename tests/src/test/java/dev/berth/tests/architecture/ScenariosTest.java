package dev.berth.tests.architecture;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** That {@code docs/scenarios.md} speaks of every scenario, and names only tests that exist. */
class ScenariosTest {
  private static final Path PROJECT = Path.of("..");
  private static final Path CHAOS =
      PROJECT.resolve("standalone/src/main/java/dev/berth/standalone/chaos");

  private static final Pattern ROW =
      Pattern.compile("^\\| ([A-I]\\d+) \\| (.+) \\| (.*) \\| ?(.*?) ?\\|$", Pattern.MULTILINE);
  private static final Pattern REFERENCE = Pattern.compile("`([^`]+)`");

  /** What happens, which tests show it, and what nothing shows. */
  private record Scenario(String letter, String what, List<String> shownBy, String notShown) {}

  private static final Map<String, Scenario> SCENARIOS = new TreeMap<>();

  @BeforeAll
  static void read() throws IOException {
    var text = Files.readString(PROJECT.resolve("docs/scenarios.md"));
    ROW.matcher(text)
        .results()
        .map(ScenariosTest::scenario)
        .forEach(scenario -> SCENARIOS.put(scenario.letter(), scenario));
  }

  @Test
  void everyScenarioIsThereAndIsShownOrSaysWhatIsNot() {
    assertThat(SCENARIOS.keySet()).containsExactlyInAnyOrderElementsOf(letters());
    assertThat(SCENARIOS.values())
        .allMatch(scenario -> !scenario.what().isBlank())
        .allMatch(scenario -> !scenario.shownBy().isEmpty() || !scenario.notShown().isBlank());
  }

  @Test
  void everyJavaTestThatIsNamedExists() throws IOException {
    var missing = new ArrayList<String>();
    for (var reference : references()) {
      var parts = reference.split("#", 2);
      if (!reference.startsWith("bridge: ") && !reference.startsWith("chaos: ")) {
        assertThat(parts).as(reference).hasSize(2);
        if (javaTests(parts[0]).noneMatch(source -> source.contains("void " + parts[1] + "("))) {
          missing.add(reference);
        }
      }
    }
    assertThat(missing).isEmpty();
  }

  @Test
  void everyTestOfTheBridgeThatIsNamedExists() throws IOException {
    var sources = sources(PROJECT.resolve("bridge-container/test"), ".ts");
    assertThat(named("bridge: "))
        .allSatisfy(title ->
            assertThat(sources)
                .as(title)
                .anyMatch(source -> source.contains("'" + title) || source.contains('"' + title)));
  }

  @Test
  void theKillMatrixHasEveryPartAndSessionThatIsNamed() throws IOException {
    var known =
        Stream.of("Component.java", "Reference.java")
            .map(CHAOS::resolve)
            .map(ScenariosTest::text)
            .toList();
    assertThat(named("chaos: "))
        .allSatisfy(name ->
            assertThat(known)
                .as(name)
                .anyMatch(
                    source -> Pattern.compile("\\b%s\\b".formatted(name)).matcher(source).find()));
  }

  private static List<String> letters() {
    return Stream.of(
            letters("A", 22),
            letters("B", 8),
            letters("C", 6),
            letters("E", 6),
            Stream.of("G4", "I3"))
        .flatMap(letters -> letters)
        .toList();
  }

  private static Stream<String> letters(String group, int last) {
    return IntStream.rangeClosed(1, last).mapToObj(number -> group + number);
  }

  private static Scenario scenario(MatchResult row) {
    var references =
        REFERENCE.matcher(row.group(3)).results().map(found -> found.group(1)).toList();
    return new Scenario(row.group(1), row.group(2), references, row.group(4));
  }

  private static List<String> references() {
    return SCENARIOS.values().stream().flatMap(scenario -> scenario.shownBy().stream()).toList();
  }

  private static List<String> named(String prefix) {
    var named =
        references().stream()
            .filter(reference -> reference.startsWith(prefix))
            .map(reference -> reference.substring(prefix.length()))
            .toList();
    assertThat(named).isNotEmpty();
    return named;
  }

  private static Stream<String> javaTests(String name) throws IOException {
    return modules().stream()
        .map(module -> module.resolve("src/test/java"))
        .filter(Files::isDirectory)
        .flatMap(folder -> sources(folder, "/" + name + ".java").stream());
  }

  private static List<Path> modules() throws IOException {
    try (var modules = Files.list(PROJECT)) {
      return Stream.concat(
              modules.filter(Files::isDirectory),
              Stream.of("protocol", "db", "objects")
                  .map(schema -> PROJECT.resolve("schema").resolve(schema)))
          .collect(Collectors.toList());
    }
  }

  private static List<String> sources(Path folder, String ending) {
    try (var files = Files.walk(folder)) {
      return files
          .filter(file -> file.toString().endsWith(ending))
          .map(ScenariosTest::text)
          .toList();
    } catch (IOException failed) {
      throw new java.io.UncheckedIOException(failed);
    }
  }

  private static String text(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException failed) {
      throw new java.io.UncheckedIOException(failed);
    }
  }
}
