"""
What theory says exactly, to test models against and to answer small questions without simulating.

Rates are per unit of time, whatever unit is used throughout.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from workbench.errors import BadParameter

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True)
class QueueTheory:
    """
    A queue in steady state, served in the order of arrival.

    Attributes
    ----------
    utilisation
        Share of server time in use.
    waits
        Probability that somebody who arrives has to wait.
    mean_wait, mean_time
        Time in the queue, and in the system.
    mean_queue, mean_number
        Number in the queue, and in the system (Little's law).
    """

    utilisation: float
    waits: float
    mean_wait: float
    mean_time: float
    mean_queue: float
    mean_number: float


def erlang_b(servers: int, load: float) -> float:
    """
    Probability that all servers are busy where nobody waits: lost calls, full car parks [1]_.

    Holds for any law of service times with the same mean.

    Parameters
    ----------
    servers
        At least 0.
    load
        Arrival rate times mean service time (erlang), at least 0.

    References
    ----------
    .. [1] A. K. Erlang (1917), Solution of some problems in the theory of probabilities of significance in
       automatic telephone exchanges.
    """
    _servers(servers, 0)
    _at_least("load", load, 0)
    blocked = 1.0
    for number in range(1, servers + 1):
        blocked = load * blocked / (number + load * blocked)
    return blocked


def erlang_c(servers: int, load: float) -> float:
    """
    Probability of having to wait in an M/M/c queue [1]_.

    Parameters
    ----------
    servers
        At least 1.
    load
        Arrival rate times mean service time (erlang), below `servers`.

    References
    ----------
    .. [1] A. K. Erlang (1917), as for `erlang_b`.
    """
    _servers(servers, 1)
    _at_least("load", load, 0)
    _stable(load / servers)
    blocked = erlang_b(servers, load)
    return servers * blocked / (servers - load * (1 - blocked))


def mmc(servers: int, arrival_rate: float, service_rate: float) -> QueueTheory:
    """
    The M/M/c queue: Poisson arrivals, exponential services, `servers` servers.

    Parameters
    ----------
    servers
        At least 1.
    arrival_rate, service_rate
        Arrivals, and services that one server completes, per unit of time.

    Raises
    ------
    BadParameter
        More arrive than can be served.
    """
    _at_least("arrival_rate", arrival_rate, 0)
    _above("service_rate", service_rate, 0)
    load = arrival_rate / service_rate
    waits = erlang_c(servers, load)
    return _queue(
        servers, arrival_rate, 1 / service_rate, waits, waits / (servers * service_rate - arrival_rate)
    )


def mmc_wait_exceeds(servers: int, arrival_rate: float, service_rate: float, wait: float) -> float:
    """Probability that a wait in an M/M/c queue is longer than `wait`."""
    waits = mmc(servers, arrival_rate, service_rate).waits
    return waits * math.exp(-(servers * service_rate - arrival_rate) * wait)


def mg1(arrival_rate: float, mean_service: float, cv: float) -> QueueTheory:
    """
    The M/G/1 queue: Poisson arrivals, one server, any law of service times (Pollaczek-Khinchine) [1]_.

    Parameters
    ----------
    arrival_rate
        Arrivals per unit of time.
    mean_service
        Mean service time.
    cv
        Coefficient of variation of service times: 0 fixed, 1 exponential.

    References
    ----------
    .. [1] A. Y. Khinchine (1932), Mathematical theory of a stationary queue, Matematicheskii Sbornik 39(4).
    """
    _at_least("arrival_rate", arrival_rate, 0)
    _above("mean_service", mean_service, 0)
    _at_least("cv", cv, 0)
    load = arrival_rate * mean_service
    _stable(load)
    wait = arrival_rate * mean_service**2 * (1 + cv * cv) / (2 * (1 - load))
    return _queue(1, arrival_rate, mean_service, load, wait)


def jackson(
    outside: Sequence[float],
    routing: Sequence[Sequence[float]],
    service_rates: Sequence[float],
    servers: Sequence[int],
) -> list[QueueTheory]:
    """
    An open network of M/M/c queues, each as if it stood alone (product form) [1]_.

    Parameters
    ----------
    outside
        Arrivals from outside at each node per unit of time.
    routing
        Share of those leaving node i (row) that go on to node j (column); the rest leave the network.
    service_rates, servers
        Of each node.

    Returns
    -------
    nodes
        Each queue in steady state; mean numbers add up.

    Raises
    ------
    BadParameter
        Shapes differ, shares are none, nobody could ever leave, or a node receives more than it can serve.

    References
    ----------
    .. [1] J. R. Jackson (1957), Networks of waiting lines, Operations Research 5(4).
    """
    import numpy as np

    gamma, shares = np.asarray(outside, float), np.asarray(routing, float)
    nodes = len(gamma)
    if shares.shape != (nodes, nodes) or len(service_rates) != nodes or len(servers) != nodes:
        raise BadParameter(
            "A network needs one row, one service rate and one number of servers for each node."
        )
    if (shares < 0).any() or (shares.sum(axis=1) > 1 + 1e-12).any() or (gamma < 0).any():
        raise BadParameter("Arrivals and shares are at least 0, and the shares of a row add up to at most 1.")
    try:
        rates = np.linalg.solve(np.eye(nodes) - shares.T, gamma)
    except np.linalg.LinAlgError:
        raise BadParameter(
            "In this network somebody could never leave: let some share of each loop leave."
        ) from None
    return [
        mmc(int(count), float(rate), float(service))
        for count, rate, service in zip(servers, rates, service_rates, strict=True)
    ]


def mt_ginf(
    at: ArrayLike,
    edges: ArrayLike,
    rates: ArrayLike,
    limited_mean: Callable[[NDArray[np.float64]], ArrayLike],
) -> NDArray[np.float64]:
    """
    Expected number inside where arrivals vary over the day and nobody waits: car parks, beds [1]_.

    The number is Poisson distributed around it, where the system was empty before the first edge.

    Parameters
    ----------
    at
        Times at which it is wanted.
    edges
        Times at which the arrival rate changes, and the last at which it ends.
    rates
        Arrival rate between one edge and the next.
    limited_mean
        The mean of the smaller of the time spent inside and x, for an array of x of at least 0:
        `exponential_limited(mean)`, `fixed_limited(time)`, or your own.

    References
    ----------
    .. [1] S. G. Eick, W. A. Massey and W. Whitt (1993), The physics of the Mt/G/infinity queue, Operations
       Research 41(4).
    """
    import numpy as np

    times, ends, arrivals = (np.asarray(each, float) for each in (at, edges, rates))
    if ends.ndim != 1 or len(ends) != len(arrivals) + 1 or (np.diff(ends) <= 0).any() or (arrivals < 0).any():
        raise BadParameter("Rates need one edge more than there are rates, rising, and rates of at least 0.")
    since = np.maximum(times[..., None] - ends, 0.0)
    inside = np.asarray(limited_mean(since), float)
    return np.asarray(((inside[..., :-1] - inside[..., 1:]) * arrivals).sum(axis=-1))


def exponential_limited(mean: float) -> Callable[[NDArray[np.float64]], NDArray[np.float64]]:
    """Mean of the smaller of an exponential time and x, for `mt_ginf`."""
    import numpy as np

    return lambda x: np.asarray(-mean * np.expm1(-x / mean))


def fixed_limited(time: float) -> Callable[[NDArray[np.float64]], NDArray[np.float64]]:
    """The smaller of a fixed time and x, for `mt_ginf`."""
    import numpy as np

    return lambda x: np.minimum(x, time)


def mean_wait_from_headways(headways: ArrayLike) -> float:
    """
    Mean wait of riders who arrive evenly and board the first vehicle: E[H^2] / (2 E[H]) [1]_.

    Half the mean headway would be too short: more riders arrive in the long gaps.

    Parameters
    ----------
    headways
        Times between vehicles, at least one, above 0 in sum.

    References
    ----------
    .. [1] E. E. Osuna and G. F. Newell (1972), Control strategies for an idealized public transportation
       system, Transportation Science 6(1).
    """
    import numpy as np

    gaps = np.asarray(headways, float)
    if gaps.ndim != 1 or not gaps.size or not (gaps >= 0).all() or not 0 < gaps.sum() < math.inf:
        raise BadParameter("Headways are a list of at least one time, each at least 0 and not all 0.")
    return float((gaps * gaps).sum() / (2 * gaps.sum()))


def newell_potts(delay: float, rho: float, buses: int, stops: int) -> NDArray[np.float64]:
    """
    Delay of each bus at each stop after one bus was delayed at the first stop: buses pair [1]_.

    A late bus finds more riders and falls further behind, the next finds fewer and catches up:
    eps(n, m) = (eps(n, m-1) - rho eps(n-1, m)) / (1 - rho), in closed form
    delay (-rho)^n C(m+n-1, n) / (1 - rho)^(m+n).

    Parameters
    ----------
    delay
        Of bus 0 at stop 0.
    rho
        Riders that arrive at a stop per unit of time, times boarding time of one; below 1.
    buses, stops
        How many of each to tell.

    Returns
    -------
    ndarray
        Shape (buses, stops); stop 0 is the origin, where only bus 0 is late.

    References
    ----------
    .. [1] G. F. Newell and R. B. Potts (1964), Maintaining a bus schedule, 2nd ARRB Conference.
    """
    import numpy as np

    if not 0 <= rho < 1 or buses < 1 or stops < 1:
        raise BadParameter("`rho` lies between 0 and 1, and there is at least one bus and one stop.")
    delays = np.zeros((buses, stops))
    delays[0, 0] = delay
    for bus in range(buses):
        for stop in range(1, stops):
            ways = math.comb(stop + bus - 1, bus)
            delays[bus, stop] = delay * (-rho) ** bus * ways / (1 - rho) ** (stop + bus)
    return delays


def daganzo_headway_variance(strength: float, noise_sd: float = 1.0) -> float:
    """
    Variance of headways far down a line whose buses are held by their forward headway [1]_.

    With eps(n, s+1) = (1 - a) eps(n, s) + a eps(n-1, s) + noise it is noise_sd^2 / (a (1 - a)).

    Parameters
    ----------
    strength
        Share a of the headway's deviation that is held back, between 0 and 1.
    noise_sd
        Standard deviation of the noise added on each segment.

    References
    ----------
    .. [1] C. F. Daganzo (2009), A headway-based approach to eliminate bus bunching, Transportation Research
       Part B 43(10), 913-921.
    """
    if not 0 < strength < 1:
        raise BadParameter(f"`strength` lies between 0 and 1, not {strength}.")
    _at_least("noise_sd", noise_sd, 0)
    return noise_sd**2 / (strength * (1 - strength))


def self_coordinating_headway(cycle: float, buses: int, strength: float) -> float:
    """
    Headway to which a loop settles by itself if each bus waits a share of its backward headway [1]_.

    Parameters
    ----------
    cycle
        Time around the loop without waiting.
    buses
        On the loop.
    strength
        Share of the backward headway that a bus waits at the control point, between 0 and 1.

    Returns
    -------
    float
        cycle / (buses - strength), in the unit of `cycle`.

    References
    ----------
    .. [1] J. J. Bartholdi and D. D. Eisenstein (2012), A self-coordinating bus route to resist bus bunching,
       Transportation Research Part B 46(4), 481-491.
    """
    _above("cycle", cycle, 0)
    if buses < 1 or not 0 <= strength < 1:
        raise BadParameter("There is at least one bus, and `strength` is at least 0 and below 1.")
    return cycle / (buses - strength)


def self_coordinating_decay(buses: int, strength: float) -> float:
    """
    Factor by which the largest deviation shrinks each time a bus passes the control point [1]_.

    The second largest root of z^buses - strength z - (1 - strength) in size.

    References
    ----------
    .. [1] J. J. Bartholdi and D. D. Eisenstein (2012), as for `self_coordinating_headway`.
    """
    import numpy as np

    if buses < 2 or not 0 <= strength < 1:
        raise BadParameter("There are at least two buses, and `strength` is at least 0 and below 1.")
    polynomial = np.zeros(buses + 1)
    polynomial[0] = 1.0
    polynomial[-2] -= strength
    polynomial[-1] -= 1 - strength
    return float(np.sort(np.abs(np.roots(polynomial)))[-2])


def _queue(servers: int, rate: float, mean_service: float, waits: float, wait: float) -> QueueTheory:
    time = wait + mean_service
    return QueueTheory(rate * mean_service / servers, waits, wait, time, rate * wait, rate * time)


def _servers(value: int, least: int) -> None:
    if isinstance(value, bool) or value != int(value) or value < least:
        raise BadParameter(f"`servers` must be a whole number of at least {least}, not {value}.")


def _at_least(name: str, value: float, least: float) -> None:
    if not least <= value < math.inf:
        raise BadParameter(f"`{name}` must be at least {least}, not {value}.")


def _above(name: str, value: float, least: float) -> None:
    if not least < value < math.inf:
        raise BadParameter(f"`{name}` must be above {least}, not {value}.")


def _stable(utilisation: float) -> None:
    if not utilisation < 1:
        raise BadParameter(
            f"The load is {utilisation:.6g} of what the servers can do: from 1 on the queue grows without "
            "end, and there is no steady state. Add servers, or simulate the hours that matter."
        )
