# METADATA
# title: A load balancer does not reach the pods that it checks
# description: >-
#   A load balancer whose targets are pods checks them from its own subnets. Where the pods' policies name only its
#   clients, every check fails: no target is ever healthy, and nothing is forwarded.
# custom:
#   id: NET014
#   severity: error
#   owner: platform
#   remediation: Declare the flow from the load balancer's subnets to the port that it checks.
#   section: Infrastructure Scaling, 3. Load Balancing
package network.health_checks_blocked

import data.lib.kubernetes
import data.lib.network
import rego.v1

nlb := "service.beta.kubernetes.io/aws-load-balancer-nlb-target-type"

selected := {"rw", "ro", "r"}

# The pods behind each load balancer, and the port that it forwards to and checks.
examined contains target if {
	some item in kubernetes.objects
	item.kind == "Ingress"
	some rule in item.spec.rules
	some path in rule.http.paths
	some service in kubernetes.of("Service", item.namespace)
	service.name == path.backend.service.name
	some entry in service.spec.ports
	some port in ports(entry.targetPort, item.namespace, service.spec.selector)
	target := {"file": item.file, "namespace": item.namespace, "labels": service.spec.selector, "port": port}
}

examined contains target if {
	some item in kubernetes.objects
	item.kind == "Cluster"
	some service in item.spec.managed.services.additional
	service.selectorType in selected
	object.get(service.serviceTemplate, ["metadata", "annotations", nlb], "") == "ip"
	labels := {"cnpg.io/cluster": item.name, "cnpg.io/podRole": "instance"}
	target := {"file": item.file, "namespace": item.namespace, "labels": labels, "port": 5432}
}

# ports returns the numbers of a Service's target port: its own, or those of the containers that have its name.
ports(target, namespace, labels) := {number |
	some pod in kubernetes.pods
	pod.namespace == namespace
	kubernetes.selects(labels, pod.labels)
	some list in ["initContainers", "containers"]
	some container in object.get(pod.spec, list, [])
	some port in object.get(container, "ports", [])
	target in {object.get(port, "name", ""), port.containerPort}
	number := port.containerPort
}

admitted(target) := {peer.ipBlock.cidr |
	some policy in network.policies
	policy.namespace == target.namespace
	network.selects(policy.spec.podSelector, target.labels)
	some rule in policy.spec.ingress
	some entry in rule.ports
	entry.port == target.port
	some peer in rule.from
}

within(range, outer) if net.cidr_contains(outer, range)

deny contains denial if {
	some target in examined
	open := admitted(target)
	blocked := {range |
		some range in input.cluster.addresses.load_balancer
		count({outer | some outer in open; within(range, outer)}) == 0
	}
	count(blocked) > 0
	denial := {
		"id": "NET014",
		"message": sprintf(
			"the load balancer in %s does not reach %s at %d",
			[concat(", ", sort(blocked)), concat(", ", sort([label | some label in target.labels])), target.port],
		),
		"path": ["environment", "clusters", input.cluster.name, "addresses", "load_balancer"],
		"file": target.file,
		"pointer": "/spec",
	}
}
