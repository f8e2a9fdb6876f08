# METADATA
# title: The load balancer hangs up on a request that is still answered
# description: >-
#   Each time limit has to hold the one inside of it. A statement and the wait for a connection end before a terminating
#   pod does; that, before the load balancer gives an answer up or ends a target's connections; and a pod keeps an idle
#   connection longer than the load balancer, which would otherwise send a request into one that was just closed.
# custom:
#   id: K8S038
#   severity: error
#   owner: reliability
#   remediation: >-
#     Set connections.database.timeout so that the limits nest: statement, grace period, the load balancer's idle timeout
#     (4,000 seconds at most), keep-alive of the pods.
#   section: Infrastructure Scaling, 3. Load Balancing
package kubernetes.balancer_hangs_up

import data.lib.balancers
import data.lib.kubernetes
import data.thresholds.longest_idle_seconds
import rego.v1

examined contains balancer if some balancer in balancers.found

answer := input.settings.database.connect_timeout_seconds + input.settings.database.statement_timeout_seconds

# The pods that serve, with the seconds until they are killed, and those in which they answer.
pods contains pod if {
	some container in kubernetes.containers
	some port in object.get(container.fields, "ports", [])
	port.containerPort == input.settings.process.port
	wait := object.get(container.fields, ["lifecycle", "preStop", "sleep", "seconds"], 0)
	pod := {
		"grace": object.get(container.pod, "terminationGracePeriodSeconds", 30),
		"answering": wait + input.settings.process.shutdown_seconds,
	}
}

faults contains [balancer, fault] if {
	some balancer in examined
	answer >= balancer.idle
	fault := sprintf("gives up after %d seconds, and an answer may take %d", [balancer.idle, answer])
}

faults contains [balancer, fault] if {
	some balancer in examined
	some pod in pods
	pod.grace >= balancer.idle
	fault := sprintf("gives up after %d seconds, and a pod may take %d to end", [balancer.idle, pod.grace])
}

faults contains [balancer, fault] if {
	some balancer in examined
	some pod in pods
	pod.answering > balancer.draining
	fault := sprintf("cuts a pod off after %d seconds, and it answers for %d", [balancer.draining, pod.answering])
}

faults contains [balancer, fault] if {
	some balancer in examined
	keep := input.settings.process.keep_alive_seconds
	keep <= balancer.idle
	fault := sprintf("keeps a connection for %d idle seconds, and a pod for %d", [balancer.idle, keep])
}

faults contains [balancer, fault] if {
	some balancer in examined
	balancer.idle > longest_idle_seconds
	fault := sprintf("would give up after %d seconds, and accepts %d at most", [balancer.idle, longest_idle_seconds])
}

deny contains denial if {
	some balancer in examined
	some [faulty, fault] in faults
	faulty == balancer
	denial := {
		"id": "K8S038",
		"message": sprintf("the load balancer of %s %s", [balancer.name, fault]),
		"path": ["connections", "database", "timeout"],
		"places": [["connections", "database", "timeout"], ["load_balancing", "database", "connection_timeout"]],
		"file": balancer.file,
		"pointer": "/metadata/annotations",
	}
}
