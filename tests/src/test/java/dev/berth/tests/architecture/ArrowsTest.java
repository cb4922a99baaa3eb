package dev.berth.tests.architecture;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.Location;
import java.time.Instant;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** Who may know whom (ARCHITECTURE.md, "Arrows"), and what workflow code may not touch. */
class ArrowsTest {
  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(location -> !isOfTests(location))
          .importPackages("dev.berth");

  /**
   * Tests of other modules are here too: as a folder, which need not be Maven's usual one, or as a
   * jar.
   */
  private static boolean isOfTests(Location location) {
    return location.contains("/test-classes/") || location.contains("-tests.jar");
  }

  private static final String[] EDGES = {
    "dev.berth.standalone..", "dev.berth.practicemodel..", "dev.berth.tests.."
  };

  @Test
  void theProtocolKnowsNothingElseOfBerth() {
    classes()
        .that()
        .resideInAPackage("dev.berth.protocol..")
        .should()
        .onlyDependOnClassesThat()
        .resideInAnyPackage(
            "dev.berth.protocol..",
            "java..",
            "tools.jackson..",
            "com.fasterxml..",
            "org.jspecify..")
        .check(CLASSES);
  }

  @Test
  void theDatabaseKnowsOnlyTheProtocol() {
    noClasses()
        .that()
        .resideInAPackage("dev.berth.db..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(
            "dev.berth.api..",
            "dev.berth.activities..",
            "dev.berth.workflows..",
            "dev.berth.objects..",
            "org.springframework..",
            "io.temporal..")
        .check(CLASSES);
  }

  @Test
  void objectStorageKnowsNothingOfBerthAndIsTheOnlyS3Client() {
    noClasses()
        .that()
        .resideInAPackage("dev.berth.objects..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(
            "dev.berth.protocol..",
            "dev.berth.db..",
            "dev.berth.workflows..",
            "dev.berth.api..",
            "dev.berth.activities..")
        .check(CLASSES);
    noClasses()
        .that()
        .resideOutsideOfPackage("dev.berth.objects..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("software.amazon.awssdk.services..")
        .check(CLASSES);
  }

  @Test
  void workflowsKnowOnlyTheProtocolAndTemporal() {
    noClasses()
        .that()
        .resideInAPackage("dev.berth.workflows..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(
            "dev.berth.db..",
            "dev.berth.objects..",
            "dev.berth.api..",
            "dev.berth.activities..",
            "org.springframework..",
            "org.jooq..",
            "com.github.dockerjava..")
        .check(CLASSES);
  }

  @Test
  void apiAndActivitiesDoNotKnowEachOther() {
    noClasses()
        .that()
        .resideInAPackage("dev.berth.api..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("dev.berth.activities..", "com.github.dockerjava..")
        .check(CLASSES);
    noClasses()
        .that()
        .resideInAPackage("dev.berth.activities..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("dev.berth.api..")
        .check(CLASSES);
  }

  @Test
  void nothingKnowsTheEdges() {
    noClasses()
        .that()
        .resideOutsideOfPackages(EDGES)
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(EDGES)
        .check(CLASSES);
  }

  @Test
  void thePracticeModelKnowsNothingElseOfBerth() {
    noClasses()
        .that()
        .resideInAPackage("dev.berth.practicemodel..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(
            "dev.berth.protocol..",
            "dev.berth.db..",
            "dev.berth.workflows..",
            "dev.berth.api..",
            "dev.berth.activities..",
            "dev.berth.standalone..")
        .check(CLASSES);
  }

  @Test
  void packagesHaveNoCycles() {
    for (var module :
        new String[] {
          "activities", "api", "workflows", "practicemodel", "protocol", "standalone"
        }) {
      slices()
          .matching("dev.berth." + module + ".(**)")
          .should()
          .beFreeOfCycles()
          .allowEmptyShould(true)
          .check(CLASSES);
    }
  }

  @Test
  void workflowCodeIsDeterministic() {
    var workflows = "dev.berth.workflows..";
    noClasses()
        .that()
        .resideInAPackage(workflows)
        .should()
        .callMethod(Instant.class, "now")
        .orShould()
        .callMethod(UUID.class, "randomUUID")
        .orShould()
        .callMethod(System.class, "currentTimeMillis")
        .orShould()
        .callMethod(System.class, "nanoTime")
        .orShould()
        .callMethod(Thread.class, "sleep", long.class)
        .check(CLASSES);
    noClasses()
        .that()
        .resideInAPackage(workflows)
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(
            "java.io..",
            "java.nio.file..",
            "java.net..",
            "java.sql..",
            "java.util.concurrent..",
            "org.springframework..")
        .check(CLASSES);
  }
}
