package dev.berth.activities.model;

import dev.berth.protocol.Secret;
import java.net.URI;
import java.util.List;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.ConstructorBinding;

/**
 * The api nodes, as this worker reaches them.
 *
 * @param urls base addresses; the model gateway is tried at each in turn
 * @param credential shows api nodes that this is a worker, and this worker that a caller is an api
 *     node
 */
@ConfigurationProperties(prefix = "gateway", ignoreUnknownFields = false)
public record GatewayProperties(List<URI> urls, Secret credential) {
  @ConstructorBinding
  public GatewayProperties(List<URI> urls, String credential) {
    this(urls, new Secret(credential));
  }

  public GatewayProperties {
    urls = List.copyOf(urls);
  }
}
