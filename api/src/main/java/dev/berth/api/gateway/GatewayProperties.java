package dev.berth.api.gateway;

import dev.berth.protocol.Secret;
import java.net.URI;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.ConstructorBinding;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;

/**
 * The model's provider, and who may ask it.
 *
 * @param providerUrl base address of the Messages API
 * @param providerKey the provider's key; it never leaves this process but to the provider
 * @param internalCredential shows workers and api nodes to each other
 * @param credentialLife how long a sandbox's credential is good
 * @param maxRequest the largest request that the provider takes
 * @param firstByte a provider that answers nothing in this time has failed
 * @param practice whether the provider is the practice model, for what is shown to people
 */
@ConfigurationProperties(prefix = "gateway", ignoreUnknownFields = false)
public record GatewayProperties(
    URI providerUrl,
    Secret providerKey,
    Secret internalCredential,
    Duration credentialLife,
    DataSize maxRequest,
    Duration firstByte,
    boolean practice) {
  @ConstructorBinding
  public GatewayProperties(
      @DefaultValue("https://api.anthropic.com") URI providerUrl,
      @Nullable String providerKey,
      String internalCredential,
      @DefaultValue("10m") Duration credentialLife,
      @DefaultValue("33MB") DataSize maxRequest,
      @DefaultValue("10m") Duration firstByte,
      @DefaultValue("false") boolean practice) {
    this(
        providerUrl,
        new Secret(providerKey == null ? "" : providerKey),
        new Secret(internalCredential),
        credentialLife,
        maxRequest,
        firstByte,
        practice);
  }
}
