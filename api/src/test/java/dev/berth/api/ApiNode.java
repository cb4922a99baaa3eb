package dev.berth.api;

import dev.berth.db.TestDatabase;
import java.net.URI;
import java.net.http.HttpClient;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import org.jooq.DSLContext;
import org.springframework.context.ConfigurableApplicationContext;

/** A whole api node with a database of its own, and without Temporal: it is refused there. */
public final class ApiNode implements AutoCloseable {
  public static final String INTERNAL = "the internal credential of a test";

  private final TestDatabase database;
  private final ConfigurableApplicationContext context;
  private final HttpClient client = HttpClient.newHttpClient();

  private ApiNode(TestDatabase database, ConfigurableApplicationContext context) {
    this.database = database;
    this.context = context;
  }

  public static ApiNode start(Map<String, Object> settings) {
    var database = TestDatabase.start();
    var all = new LinkedHashMap<String, Object>();
    all.put("server.port", 0);
    all.put("database.url", database.url());
    all.put("database.user", "postgres");
    all.put("database.password", "postgres");
    all.put("database.connections", 4);
    all.put("temporal.address", "127.0.0.1:1");
    all.put("gateway.internal-credential", INTERNAL);
    all.putAll(settings);
    return new ApiNode(database, ApiApplication.start(all));
  }

  public DSLContext db() {
    return database.dsl();
  }

  public HttpClient client() {
    return client;
  }

  public URI http(String path) {
    return URI.create("http://127.0.0.1:" + port() + path);
  }

  public URI socket(String query) {
    return URI.create("ws://127.0.0.1:" + port() + "/ws" + query);
  }

  @Override
  public void close() {
    client.shutdownNow();
    context.close();
    database.close();
  }

  private String port() {
    return Objects.requireNonNull(context.getEnvironment().getProperty("local.server.port"));
  }
}
