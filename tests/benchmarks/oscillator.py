"""Runge and Kutta's fourth-order method for Van der Pol's oscillator, on Python floats."""

from tests.benchmarks.workload import Workload

STEP = 0.001


def slope(x, y, damping, stiffness):
    return y, damping * (1.0 - x * x) * y - stiffness * x


def end_state(damping, stiffness, x, y, steps):
    h = STEP
    for _ in range(steps):
        x1, y1 = slope(x, y, damping, stiffness)
        x2, y2 = slope(x + 0.5 * h * x1, y + 0.5 * h * y1, damping, stiffness)
        x3, y3 = slope(x + 0.5 * h * x2, y + 0.5 * h * y2, damping, stiffness)
        x4, y4 = slope(x + h * x3, y + h * y3, damping, stiffness)
        x = x + h / 6.0 * (x1 + 2.0 * x2 + 2.0 * x3 + x4)
        y = y + h / 6.0 * (y1 + 2.0 * y2 + 2.0 * y3 + y4)
    return (x - 1.0) ** 2 + y * y


def by_hand(damping, stiffness, x, y, steps):
    """Keeps the four stages (p, q) of a step, in one tuple; products are formed again."""
    half, sixth = 0.5 * STEP, STEP / 6.0
    tape = []
    for _ in range(steps):
        y1 = damping * (1.0 - x * x) * y - stiffness * x
        p2 = x + half * y
        q2 = y + half * y1
        y2 = damping * (1.0 - p2 * p2) * q2 - stiffness * p2
        p3 = x + half * q2
        q3 = y + half * y2
        y3 = damping * (1.0 - p3 * p3) * q3 - stiffness * p3
        p4 = x + STEP * q3
        q4 = y + STEP * y3
        y4 = damping * (1.0 - p4 * p4) * q4 - stiffness * p4
        tape.append((x, y, p2, q2, p3, q3, p4, q4))
        x = x + sixth * (y + 2.0 * q2 + 2.0 * q3 + q4)
        y = y + sixth * (y1 + 2.0 * y2 + 2.0 * y3 + y4)
    x_bar = 2.0 * (x - 1.0)
    y_bar = 2.0 * y
    damping_bar = stiffness_bar = 0.0
    for p1, q1, p2, q2, p3, q3, p4, q4 in reversed(tape):
        xs = sixth * x_bar
        ys = sixth * y_bar
        bend = 1.0 - p4 * p4
        damping_bar += ys * bend * q4
        stiffness_bar -= ys * p4
        p4_bar = -ys * (2.0 * damping * q4 * p4 + stiffness)
        q4_bar = xs + ys * damping * bend
        v_bar = 2.0 * ys + STEP * q4_bar
        bend = 1.0 - p3 * p3
        damping_bar += v_bar * bend * q3
        stiffness_bar -= v_bar * p3
        p3_bar = -v_bar * (2.0 * damping * q3 * p3 + stiffness)
        q3_bar = 2.0 * xs + STEP * p4_bar + v_bar * damping * bend
        v_bar = 2.0 * ys + half * q3_bar
        bend = 1.0 - p2 * p2
        damping_bar += v_bar * bend * q2
        stiffness_bar -= v_bar * p2
        p2_bar = -v_bar * (2.0 * damping * q2 * p2 + stiffness)
        q2_bar = 2.0 * xs + half * p3_bar + v_bar * damping * bend
        v_bar = ys + half * q2_bar
        bend = 1.0 - p1 * p1
        damping_bar += v_bar * bend * q1
        stiffness_bar -= v_bar * p1
        x_bar = x_bar + p2_bar + p3_bar + p4_bar - v_bar * (2.0 * damping * q1 * p1 + stiffness)
        y_bar = y_bar + xs + q2_bar + q3_bar + q4_bar + half * p2_bar + v_bar * damping * bend
    return damping_bar, stiffness_bar, x_bar, y_bar


def in_jax(damping, stiffness, x, y, steps):
    """The loop as a scan: jax would unroll a Python loop."""
    import jax

    h = STEP

    def step(state, _):
        x, y = state
        x1, y1 = slope(x, y, damping, stiffness)
        x2, y2 = slope(x + 0.5 * h * x1, y + 0.5 * h * y1, damping, stiffness)
        x3, y3 = slope(x + 0.5 * h * x2, y + 0.5 * h * y2, damping, stiffness)
        x4, y4 = slope(x + h * x3, y + h * y3, damping, stiffness)
        x_next = x + h / 6.0 * (x1 + 2.0 * x2 + 2.0 * x3 + x4)
        return (x_next, y + h / 6.0 * (y1 + 2.0 * y2 + 2.0 * y3 + y4)), None

    (x, y), _ = jax.lax.scan(step, (x, y), None, length=steps)
    return (x - 1.0) ** 2 + y * y


WORKLOAD = Workload(
    "RK4 on floats",
    end_state,
    by_hand,
    (0, 1, 2, 3),
    {"small": lambda: (1.5, 1.1, 0.5, 0.3, 100), "large": lambda: (1.5, 1.1, 0.5, 0.3, 10_000)},
    {"jax": in_jax, "torch": end_state},
)
