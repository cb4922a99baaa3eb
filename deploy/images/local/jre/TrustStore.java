import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;

/**
 * Makes Java's trust store of the certificates in standard input. jlink copies the one of the JDK that
 * it runs from, and with it whatever that machine's administrator trusts beyond the usual authorities.
 */
class TrustStore {
  public static void main(String[] args) throws Exception {
    var store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    for (var certificate :
        CertificateFactory.getInstance("X.509").generateCertificates(System.in)) {
      store.setCertificateEntry("ca-" + store.size(), certificate);
    }
    var file = Path.of(args[0]);
    Files.deleteIfExists(file);
    try (var out = Files.newOutputStream(file)) {
      // Without a password, as the JDK's own since 18: nothing in it is secret.
      store.store(out, null);
    }
  }
}
