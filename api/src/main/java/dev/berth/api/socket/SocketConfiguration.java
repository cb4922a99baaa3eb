package dev.berth.api.socket;

import dev.berth.api.auth.TokenVerifier;
import dev.berth.api.events.SessionFeeds;
import dev.berth.api.session.ClientToolAnswers;
import dev.berth.api.session.OpenSockets;
import dev.berth.api.session.SessionRecords;
import dev.berth.api.session.Sessions;
import java.time.Clock;
import org.apache.tomcat.websocket.server.WsSci;
import org.springframework.boot.tomcat.servlet.TomcatServletWebServerFactory;
import org.springframework.boot.web.server.WebServerFactoryCustomizer;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.web.socket.config.annotation.EnableWebSocket;
import org.springframework.web.socket.config.annotation.WebSocketConfigurer;
import org.springframework.web.socket.server.standard.StandardWebSocketUpgradeStrategy;
import org.springframework.web.socket.server.support.DefaultHandshakeHandler;

/** Wires the WebSocket endpoint. */
@Configuration(proxyBeanMethods = false)
@EnableWebSocket
public class SocketConfiguration {
  /** A frame comes in parts of this size, and is put together under our own bound. */
  private static final int PART_BYTES = 64 * 1024;

  @Bean
  SessionSocketHandler sessionSocketHandler(
      TokenVerifier tokens,
      Sessions sessions,
      SessionRecords records,
      ClientToolAnswers toolAnswers,
      SessionFeeds feeds,
      SocketProperties properties,
      OpenSockets sockets,
      Clock clock) {
    var handler =
        new SessionSocketHandler(
            new SocketConversation.Parts(
                tokens, sessions, records, toolAnswers, feeds, properties, clock));
    sockets.whenLost(handler::closeAll);
    return handler;
  }

  @Bean
  WebSocketConfigurer sockets(SessionSocketHandler handler) {
    return registry ->
        registry
            .addHandler(handler, "/ws")
            .setHandshakeHandler(
                new DefaultHandshakeHandler(new StandardWebSocketUpgradeStrategy()))
            .setAllowedOriginPatterns("*");
  }

  /** Tomcat's WebSocket engine, with buffers as small as parts are. */
  @Bean
  WebServerFactoryCustomizer<TomcatServletWebServerFactory> webSocketEngine() {
    return factory ->
        factory.addContextCustomizers(context -> {
          context.addServletContainerInitializer(new WsSci(), null);
          context.addParameter(
              "org.apache.tomcat.websocket.textBufferSize", String.valueOf(PART_BYTES));
          context.addParameter(
              "org.apache.tomcat.websocket.binaryBufferSize", String.valueOf(PART_BYTES));
        });
  }
}
