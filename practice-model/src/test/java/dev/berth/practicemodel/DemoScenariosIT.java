package dev.berth.practicemodel;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Each demo prompt, given to the real agent: its tools really run. */
@Tag("e2e")
class DemoScenariosIT extends AgentTest {
  @Test
  void createsAndRunsThePrimes() throws IOException {
    var agent = agent();

    var run =
        agent
            .says(
                "Create primes.py that prints the first ten primes, run it, and tell me the output")
            .run();

    assertThat(agent.workspace().resolve("primes.py")).exists();
    assertThat(run.commands()).containsExactly("python3 primes.py");
    assertThat(run.answer()).contains("2, 3, 5, 7, 11, 13, 17, 19, 23, 29");
  }

  @Test
  void tellsThePrimesThatTheProgramPrintsAndNotOnesThatItKnows() throws IOException {
    var agent = agent();
    var fake = Files.createDirectories(home.resolve("bin")).resolve("python3");
    Files.writeString(fake, "#!/bin/sh\necho printed by $1\n");
    assertThat(fake.toFile().setExecutable(true)).isTrue();
    agent.environment("PATH", fake.getParent() + ":" + System.getenv("PATH"));

    var run = agent.says("create numbers.py which prints the first 10 primes and run it").run();

    assertThat(run.answer()).contains("printed by numbers.py");
  }

  @Test
  void listsTheFilesThatAreThere() throws IOException {
    var agent = agent();
    Files.writeString(agent.workspace().resolve("harbour.txt"), "ship");

    var run = agent.says("What files are here?").run();

    assertThat(run.answer()).contains("harbour.txt");
  }

  @Test
  void remembersANumberAcrossTurnsAndProcesses() {
    var first = agent().says("Remember the number 4711").run();
    var second =
        agent()
            .option("resume", "\"" + first.sessionId() + "\"")
            .says("What files are here?")
            .says("Which number did I ask you to remember?")
            .run();

    assertThat(first.answer()).contains("I will remember the number 4711");
    assertThat(second.answer()).isEqualTo("You asked me to remember the number 4711.");
  }

  @Test
  void admitsThatItWasToldNoNumber() {
    var run = agent().says("Which number did I ask you to remember?").run();

    assertThat(run.answer()).startsWith("You have not asked me to remember a number");
  }

  @Test
  void addsUpTheSales() {
    var agent = agent();

    var run = agent.says("Make a small sales.csv and tell me the total per product").run();

    assertThat(agent.workspace().resolve("sales.csv")).exists();
    assertThat(run.answer()).contains("apple: 4.00", "bread: 7.20", "milk: 4.40");
  }

  @Test
  void fixesAFailingTest() {
    var agent = agent();

    var run = agent.says("Show me how you fix a failing test").run();

    assertThat(run.toolResults()).anyMatch(result -> result.contains("FAILED (failures=1)"));
    assertThat(agent.workspace().resolve("discount.py"))
        .content()
        .contains("price * (100 - percent) / 100");
    assertThat(run.answer()).endsWith("OK");
  }

  @Test
  void anythingElseIsToldWhatThisIs() {
    var run = agent().says("Please write me a poem about harbours").run();

    assertThat(run.answer()).contains("practice model", "- Create primes.py", "- What files");
    assertThat(run.toolCallIds()).isEmpty();
  }
}
