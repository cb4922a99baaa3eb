package dev.berth.standalone.cli;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;

/**
 * Ctrl-C, as something other than the end of the program. The JDK's own way is in {@code sun.misc},
 * which no supported API replaces; it is reached by name, so that its absence is only a lesser
 * comfort.
 */
final class Interrupts implements AutoCloseable {
  private final Object signal;
  private final Object before;

  private Interrupts(Object signal, Object before) {
    this.signal = signal;
    this.before = before;
  }

  /** Runs the action at each Ctrl-C until closed. */
  static Interrupts onInterrupt(Runnable action) {
    try {
      var handler = Class.forName("sun.misc.SignalHandler");
      var signal = Class.forName("sun.misc.Signal").getConstructor(String.class).newInstance("INT");
      var ours =
          Proxy.newProxyInstance(
              handler.getClassLoader(),
              new Class<?>[] {handler},
              (proxy, method, arguments) -> {
                if (method.getName().equals("handle")) {
                  action.run();
                }
                return null;
              });
      return new Interrupts(signal, handle(signal, ours));
    } catch (ReflectiveOperationException absent) {
      return new Interrupts("", "");
    }
  }

  @Override
  public void close() {
    if (!signal.equals("")) {
      try {
        handle(signal, before);
      } catch (ReflectiveOperationException absent) {
        throw new IllegalStateException(absent);
      }
    }
  }

  private static Object handle(Object signal, Object handler) throws ReflectiveOperationException {
    try {
      return Class.forName("sun.misc.Signal")
          .getMethod("handle", signal.getClass(), Class.forName("sun.misc.SignalHandler"))
          .invoke(null, signal, handler);
    } catch (InvocationTargetException refused) {
      throw new IllegalStateException(refused);
    }
  }
}
