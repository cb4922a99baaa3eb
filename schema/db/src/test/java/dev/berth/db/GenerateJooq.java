package dev.berth.db;

import java.nio.file.Path;
import org.jooq.codegen.GenerationTool;
import org.jooq.meta.jaxb.Configuration;
import org.jooq.meta.jaxb.Database;
import org.jooq.meta.jaxb.Generate;
import org.jooq.meta.jaxb.Generator;
import org.jooq.meta.jaxb.Jdbc;
import org.jooq.meta.jaxb.Target;

/** Generates the jOOQ classes from the migrations, with a PostgreSQL of its own. */
final class GenerateJooq {
  private GenerateJooq() {}

  /** Takes the folder of the module; the classes go below its {@code src/main/java}. */
  public static void main(String[] args) throws Exception {
    into(Path.of(args[0]).resolve("src/main/java"));
  }

  static void into(Path folder) throws Exception {
    try (var database = TestDatabase.start()) {
      GenerationTool.generate(configuration(database.url(), folder));
    }
  }

  private static Configuration configuration(String url, Path folder) {
    return new Configuration()
        .withJdbc(new Jdbc().withDriver("org.postgresql.Driver").withUrl(url))
        .withGenerator(
            new Generator()
                .withDatabase(
                    new Database()
                        .withInputSchema("public")
                        .withOutputSchemaToDefault(true)
                        .withExcludes("flyway_schema_history"))
                .withGenerate(
                    new Generate()
                        .withRecords(false)
                        .withPojos(false)
                        .withComments(false)
                        .withJavadoc(false)
                        .withGlobalObjectReferences(true)
                        .withGeneratedAnnotation(false))
                .withTarget(
                    new Target()
                        .withPackageName("dev.berth.db.generated")
                        .withDirectory(folder.toString())));
  }
}
