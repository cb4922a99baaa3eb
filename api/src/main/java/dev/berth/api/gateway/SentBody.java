package dev.berth.api.gateway;

import java.io.IOException;
import java.io.OutputStream;
import org.apache.hc.core5.http.io.entity.ByteArrayEntity;
import org.apache.hc.core5.http.io.entity.HttpEntityWrapper;

/** The body of a request to the provider. It knows whether it was written to the end. */
final class SentBody extends HttpEntityWrapper {
  private boolean whole;

  SentBody(byte[] body) {
    super(new ByteArrayEntity(body, null));
  }

  /** Whether the provider may have the whole request. */
  boolean isWhole() {
    return whole;
  }

  @Override
  public void writeTo(OutputStream provider) throws IOException {
    super.writeTo(provider);
    whole = true;
  }
}
