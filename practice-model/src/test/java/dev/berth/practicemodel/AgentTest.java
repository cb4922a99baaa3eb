package dev.berth.practicemodel;

import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** A practice model, and real agents in a folder of their own that use it. */
abstract class AgentTest {
  @TempDir protected Path home;
  protected PracticeModel model;

  @BeforeEach
  void startModel() {
    model = PracticeModel.start("127.0.0.1", 0);
  }

  @AfterEach
  void closeModel() {
    model.close();
  }

  /** Agents of one test share workspace and configuration. */
  protected AgentSdk agent() {
    return AgentSdk.in(home, model.baseUrl());
  }
}
