package dev.berth.api.sending;

import dev.berth.api.events.SessionFeeds;
import dev.berth.api.http.EndUserRequests;
import dev.berth.api.session.Approvals;
import dev.berth.api.session.SessionRecords;
import dev.berth.api.session.Sessions;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.web.servlet.function.RouterFunction;
import org.springframework.web.servlet.function.ServerResponse;

/** Wires sending over HTTP. */
@Configuration(proxyBeanMethods = false)
public class SendingConfiguration {
  @Bean
  RequestBodies requestBodies(SendingProperties properties) {
    return new RequestBodies(properties);
  }

  @Bean
  RouterFunction<ServerResponse> sessionRoutes(
      EndUserRequests requests,
      RequestBodies bodies,
      Sessions sessions,
      SessionRecords records,
      SessionFeeds feeds) {
    return new SessionRoutes(requests, bodies, sessions, records, feeds).routes();
  }

  @Bean
  RouterFunction<ServerResponse> messageRoutes(
      EndUserRequests requests,
      RequestBodies bodies,
      Sessions sessions,
      SessionRecords records,
      SessionFeeds feeds) {
    return new MessageRoutes(requests, bodies, sessions, records, feeds).routes();
  }

  @Bean
  RouterFunction<ServerResponse> approvalRoutes(
      EndUserRequests requests,
      RequestBodies bodies,
      Approvals approvals,
      SessionRecords records,
      SessionFeeds feeds) {
    return new ApprovalRoutes(requests, bodies, approvals, records, feeds).routes();
  }
}
