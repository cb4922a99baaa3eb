package dev.berth.standalone.platform;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** The configuration files of the Temporal server and its UI. */
final class TemporalConfig {
  /** Can never be changed in a database; 4 is right for one machine. */
  private static final int SHARDS = 4;

  /** Each service of the server has a pool for each store. */
  private static final int CONNECTIONS = 8;

  /** What differs from the server's defaults, and why: ARCHITECTURE.md, "Temporal". */
  static final List<Map.Entry<String, String>> DYNAMIC =
      List.of(
          Map.entry("matching.enableFairness", "true"),
          Map.entry("history.transferProcessorMaxPollRPS", "100"),
          Map.entry("history.maxInFlightUpdates", "100"),
          Map.entry("history.maxTotalUpdates", "20000"));

  private TemporalConfig() {}

  /** How many ports the server has beside its frontend's own. */
  static final int INNER_PORTS = 8;

  /**
   * The server's configuration.
   *
   * @param inner ports of its services among each other
   */
  static String server(
      List<Integer> inner, int port, int postgresPort, String password, Path folder) {
    return """
    log: {stdout: true, level: warn}
    persistence:
      numHistoryShards: %d
      defaultStore: default
      visibilityStore: visibility
      datastores:
        default: {sql: %s}
        visibility: {sql: %s}
    global:
      membership: {maxJoinDuration: 30s, broadcastAddress: 127.0.0.1}
    services:
      frontend: {rpc: {grpcPort: %d, membershipPort: %d, httpPort: %d, bindOnLocalHost: true}}
      history: {rpc: {grpcPort: %d, membershipPort: %d, bindOnLocalHost: true}}
      matching: {rpc: {grpcPort: %d, membershipPort: %d, bindOnLocalHost: true}}
      worker: {rpc: {grpcPort: %d, membershipPort: %d, bindOnLocalHost: true}}
    clusterMetadata:
      enableGlobalNamespace: false
      failoverVersionIncrement: 10
      masterClusterName: active
      currentClusterName: active
      clusterInformation:
        active:
          enabled: true
          initialFailoverVersion: 1
          rpcName: frontend
          rpcAddress: 127.0.0.1:%d
    dcRedirectionPolicy: {policy: noop}
    archival:
      history: {state: disabled, enableRead: false}
      visibility: {state: disabled, enableRead: false}
    dynamicConfigClient: {filepath: "%s", pollInterval: 60s}
    """
        .formatted(
            SHARDS,
            store("temporal", postgresPort, password),
            store("temporal_visibility", postgresPort, password),
            port,
            inner.get(0),
            inner.get(1),
            inner.get(2),
            inner.get(3),
            inner.get(4),
            inner.get(5),
            inner.get(6),
            inner.get(7),
            port,
            folder.resolve("dynamic.yaml"));
  }

  static String dynamic() {
    return DYNAMIC.stream()
        .map(setting -> "%s: [{value: %s}]%n".formatted(setting.getKey(), setting.getValue()))
        .collect(Collectors.joining());
  }

  static String ui(int port, int uiPort) {
    return """
    temporalGrpcAddress: 127.0.0.1:%d
    host: 127.0.0.1
    port: %d
    enableUi: true
    defaultNamespace: default
    disableWriteActions: false
    """
        .formatted(port, uiPort);
  }

  private static String store(String database, int postgresPort, String password) {
    return """
    {pluginName: postgres12_pgx, databaseName: %s, connectAddr: "127.0.0.1:%d", \
    connectProtocol: tcp, user: temporal, password: "%s", maxConns: %d, maxIdleConns: %d, \
    maxConnLifetime: 1h}\
    """
        .formatted(database, postgresPort, password, CONNECTIONS, CONNECTIONS);
  }
}
