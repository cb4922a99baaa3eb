package dev.berth.standalone.testing;

import dev.berth.protocol.ProtocolJson;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.List;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import org.w3c.dom.Element;
import org.xml.sax.SAXException;

/** Reads what test runners report. */
final class TestReports {
  private TestReports() {}

  /** Counts Surefire's reports below a folder that were written since then. */
  static TestCounts surefire(Path folder, FileTime since) throws IOException {
    var total = TestCounts.NONE;
    try (var files = Files.walk(folder)) {
      for (var file :
          files
              .filter(file -> file.getFileName().toString().matches("TEST-.*\\.xml"))
              .sorted()
              .toList()) {
        if (Files.getLastModifiedTime(file).compareTo(since) >= 0) {
          total = total.plus(surefire(file));
        }
      }
    }
    return total;
  }

  /** Counts a report that vitest wrote as JSON. */
  static TestCounts vitest(Path file) throws IOException {
    var total = TestCounts.NONE;
    for (var suite : ProtocolJson.mapper().readTree(Files.readString(file)).path("testResults")) {
      if (suite.path("assertionResults").isEmpty()
          && !suite.path("status").asString("").equals("passed")) {
        total = total.plus(TestCounts.failing(suite.path("name").asString("?")));
      }
      for (var test : suite.path("assertionResults")) {
        var name = test.path("fullName").asString("?");
        total =
            total.plus(
                switch (test.path("status").asString("")) {
                  case "passed" -> TestCounts.passing(1);
                  case "failed" ->
                      TestCounts.failing(
                          name, test.path("failureMessages").path(0).asString("no message"));
                  default -> TestCounts.skipping(name);
                });
      }
    }
    return total;
  }

  private static TestCounts surefire(Path file) throws IOException {
    try {
      var factory = DocumentBuilderFactory.newInstance();
      factory.setFeature("http://apache.org/xml/features/disallow-doctype-decl", true);
      var cases =
          factory.newDocumentBuilder().parse(file.toFile()).getElementsByTagName("testcase");
      var total = TestCounts.NONE;
      for (var index = 0; index < cases.getLength(); index++) {
        total = total.plus(surefire((Element) cases.item(index)));
      }
      return total;
    } catch (ParserConfigurationException | SAXException unreadable) {
      throw new IOException("cannot read " + file, unreadable);
    }
  }

  private static TestCounts surefire(Element test) {
    var name =
        test.getAttribute("classname").replaceFirst(".*\\.", "") + "." + test.getAttribute("name");
    for (var kind : List.of("failure", "error")) {
      if (test.getElementsByTagName(kind).item(0) instanceof Element failed) {
        return TestCounts.failing(name, failed.getTextContent());
      }
    }
    var skipped = test.getElementsByTagName("skipped");
    return skipped.getLength() == 0
        ? TestCounts.passing(1)
        : TestCounts.skipping(name + ": " + ((Element) skipped.item(0)).getAttribute("message"));
  }
}
