package dev.berth.api.gateway;

import java.io.IOException;
import java.util.concurrent.TimeUnit;
import org.apache.hc.client5.http.config.ConnectionConfig;
import org.apache.hc.client5.http.config.RequestConfig;
import org.apache.hc.client5.http.impl.classic.CloseableHttpClient;
import org.apache.hc.client5.http.impl.classic.HttpClients;
import org.apache.hc.client5.http.impl.io.PoolingHttpClientConnectionManagerBuilder;
import org.apache.hc.core5.http.ClassicHttpRequest;
import org.apache.hc.core5.http.ClassicHttpResponse;
import org.apache.hc.core5.util.Timeout;

/**
 * Connections to the model's provider. Nothing is repeated, redirected or unpacked: the agent
 * decides about repeats, and what the provider says is passed on as it is.
 */
final class ProviderClient implements AutoCloseable {
  /** More than a node streams at once. */
  private static final int CONNECTIONS = 4096;

  private static final int CONNECT_SECONDS = 10;
  private static final int IDLE_SECONDS = 30;

  private final CloseableHttpClient client;

  ProviderClient(GatewayProperties properties) {
    var firstByte = Timeout.ofMilliseconds(properties.firstByte().toMillis());
    this.client =
        HttpClients.custom()
            .setConnectionManager(
                PoolingHttpClientConnectionManagerBuilder.create()
                    .setMaxConnTotal(CONNECTIONS)
                    .setMaxConnPerRoute(CONNECTIONS)
                    .setDefaultConnectionConfig(
                        ConnectionConfig.custom()
                            .setConnectTimeout(Timeout.ofSeconds(CONNECT_SECONDS))
                            .setSocketTimeout(firstByte)
                            .build())
                    .build())
            .setDefaultRequestConfig(RequestConfig.custom().setResponseTimeout(firstByte).build())
            .evictIdleConnections(Timeout.of(IDLE_SECONDS, TimeUnit.SECONDS))
            .disableAutomaticRetries()
            .disableContentCompression()
            .disableCookieManagement()
            .disableRedirectHandling()
            .disableAuthCaching()
            .build();
  }

  /** Sends a request; the answer's content is read from the connection as it comes. */
  ClassicHttpResponse send(ClassicHttpRequest request) throws IOException {
    return client.executeOpen(null, request, null);
  }

  @Override
  public void close() throws IOException {
    client.close();
  }
}
