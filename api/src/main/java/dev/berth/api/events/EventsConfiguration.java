package dev.berth.api.events;

import dev.berth.api.gateway.GatewayProperties;
import dev.berth.api.http.EndUserRequests;
import dev.berth.api.session.SessionRecords;
import dev.berth.db.DatabaseAddress;
import java.net.http.HttpClient;
import org.jooq.DSLContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.web.servlet.function.RouterFunction;
import org.springframework.web.servlet.function.ServerResponse;

/** Wires the readers of the event log. */
@Configuration(proxyBeanMethods = false)
public class EventsConfiguration {
  @Bean(destroyMethod = "close")
  HostNotices hostNotices(DatabaseAddress database) {
    return new HostNotices(database);
  }

  @Bean
  SessionFeeds sessionFeeds(
      DSLContext db,
      SessionRecords records,
      HttpClient client,
      GatewayProperties gateway,
      HostNotices notices) {
    return new SessionFeeds(db, records::hostUrl, client, gateway.internalCredential(), notices);
  }

  @Bean
  RouterFunction<ServerResponse> eventRoutes(
      EndUserRequests requests, SessionRecords records, SessionFeeds feeds, DSLContext db) {
    return new EventRoutes(
            requests,
            (user, session) -> records.find(user, session) == null ? null : session,
            feeds,
            db)
        .routes();
  }
}
