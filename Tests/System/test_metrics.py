"""Figures for monitoring systems, as the units for them give them."""

from container import Container

COLLECTOR = "/var/lib/prometheus/node-exporter"

ASK = """
import socket, sys
with socket.socket(socket.AF_UNIX) as connection:
    connection.connect("/run/sqzd/metrics")
    connection.sendall(f"GET {sys.argv[1]} HTTP/1.1\\r\\nHost: localhost\\r\\n\\r\\n".encode())
    print(b"".join(iter(lambda: connection.recv(65536), b"")).decode())
"""


def test_the_timer_writes_for_the_node_exporter(container: Container) -> None:
    container.run("systemctl", "start", "sqzd.service")
    # Without the collector's folder there is nothing to do, and nothing that failed.
    container.run("systemctl", "start", "sqzd-metrics.service")
    assert container.show("sqzd-metrics.service", "ConditionResult") == "no"
    container.run("mkdir", "-p", COLLECTOR)
    container.run("systemctl", "start", "sqzd-metrics.service")
    assert container.run("stat", "--format=%a %U", f"{COLLECTOR}/sqzd.prom").strip() == "644 root"
    assert "\nsqzd_calls_total " in container.run("cat", f"{COLLECTOR}/sqzd.prom")
    assert container.run("ls", COLLECTOR).split() == ["sqzd.prom"]
    container.run("systemctl", "start", "sqzd-metrics.timer")
    assert container.show("sqzd-metrics.timer", "ActiveState") == "active"
    container.run("systemctl", "stop", "sqzd-metrics.timer")


def test_members_ask_over_http(container: Container) -> None:
    container.run("systemctl", "start", "sqzd.service", "sqzd-metrics-http.socket")
    assert container.run("stat", "--format=%a %U %G", "/run/sqzd/metrics").strip() == "660 root sqzd"
    reply = container.run("python3", "-c", ASK, "/metrics", user="alice")
    assert reply.startswith("HTTP/1.1 200 OK\n") and "\nsqzd_calls_total " in reply
    assert container.run("python3", "-c", ASK, "/", user="alice").startswith("HTTP/1.1 404 ")
    assert "Permission denied" in container.run("python3", "-c", ASK, "/metrics", user="mallory", status=1)
    container.run("systemctl", "stop", "sqzd-metrics-http.socket")
