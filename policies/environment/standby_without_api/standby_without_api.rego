# METADATA
# title: A cluster that stands by has no API that reads
# description: >-
#   When a region is lost, clients read from pods that are there already, while people take the cluster over. There are
#   two of them, behind a Service and a load balancer, and a disruption budget keeps one of them during a drain. An
#   autoscaler has nothing to do: what it would add is added by the takeover.
# custom:
#   id: DEP028
#   severity: error
#   owner: reliability
#   remediation: >-
#     Render the Deployment of the API with two replicas, its PodDisruptionBudget, Service and Ingress, and no autoscaler.
#   section: Disaster Recovery, 2. Recovery Plans
package environment.standby_without_api

import data.lib.kubernetes
import data.lib.stores
import rego.v1

pods := 2

examined contains input.cluster.name if not stores.serving

api := {item |
	some item in kubernetes.objects
	item.kind == "Deployment"
	some container in object.get(item.spec, ["template", "spec", "containers"], [])
	some port in object.get(container, "ports", [])
	port.containerPort == input.settings.process.port
}

# beside returns whether an object of a kind stands in the namespace of the API.
beside(kind) if {
	some item in api
	count(kubernetes.of(kind, item.namespace)) > 0
}

faults contains "it has no pods of the API" if count(api) == 0

faults contains sprintf("it has %d pods of the API, and not %d", [replicas, pods]) if {
	some item in api
	replicas := object.get(item.spec, "replicas", 1)
	replicas != pods
}

faults contains sprintf("no %s is beside its pods of the API", [kind]) if {
	count(api) > 0
	some kind in ["PodDisruptionBudget", "Service", "Ingress"]
	not beside(kind)
}

faults contains fault if {
	some deployment in api
	some kind in ["HorizontalPodAutoscaler", "ScaledObject"]
	some item in kubernetes.of(kind, deployment.namespace)
	item.spec.scaleTargetRef.name == deployment.name
	fault := sprintf("the %s %s changes the number of its pods", [kind, item.name])
}

deny contains denial if {
	some name in examined
	some fault in faults
	said := {
		"id": "DEP028",
		"message": sprintf("the cluster %s stands by, and %s", [name, fault]),
		"path": ["environment", "clusters", name, "role"],
	}
	denial := object.union(said, place)
}

# place leads to the pods, where there are any.
place := {"file": min({item.file | some item in api}), "pointer": "/spec"} if count(api) > 0

place := {} if count(api) == 0
