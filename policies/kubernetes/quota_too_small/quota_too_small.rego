# METADATA
# title: A namespace's quota does not hold its pods
# description: >-
#   At the largest scale an update adds its surplus pods, and the pods that it replaced count until their grace period
#   is over. Where the quota does not hold them all, pods are refused and tried again ever more rarely, at the hour of the
#   highest load.
# custom:
#   id: K8S015
#   severity: error
#   owner: platform
#   remediation: >-
#     Raise the quota to the pods, requests and limits of every replica, the surge of an update and the pods that are
#     terminating meanwhile, or raise minReadySeconds, so that fewer of them are.
#   section: Resource Management, 1. Compute Resources
package kubernetes.quota_too_small

import data.lib.kubernetes
import data.lib.rollouts
import data.lib.units
import rego.v1

examined contains demand if {
	some quota in kubernetes.objects
	quota.kind == "ResourceQuota"
	some resource, hard in object.get(quota.spec, "hard", {})
	demand := {"quota": quota, "resource": resource, "hard": hard}
}

# The pods of each workload with the most that there are of them: what its autoscaler allows, or its own replicas, and
# the surplus of an update, terminating pods included.
scaled contains workload if {
	some pod in kubernetes.pods
	pod.kind == "Deployment"
	some item in kubernetes.of("Deployment", pod.namespace)
	item.file == pod.file
	item.name == pod.name
	bounds := {autoscaler.spec.maxReplicas |
		some autoscaler in kubernetes.of("HorizontalPodAutoscaler", pod.namespace)
		autoscaler.spec.scaleTargetRef.name == pod.name
	}
	replicas := max(bounds | {object.get(item.spec, "replicas", 1)})
	workload := {"pod": pod, "most": replicas + rollouts.surplus(item.spec, replicas)}
}

# What one pod takes of a resource; containers that start first are counted too, since sidecars stay.
each(_, "pods") := 1

each(pod, resource) := sum([amount |
	[kind, name] := split(resource, ".")
	some list in ["initContainers", "containers"]
	some container in object.get(pod.spec, list, [])
	amount := object.get(container, ["resources", kind, name], 0)
	is_number(amount) # what is no quantity is denied in the container
]) if contains(resource, ".")

# What the pods of a namespace need of a resource, added up once for all of its quotas.
needed := {place: sum(totals) |
	some place in {[demand.quota.namespace, demand.resource] | some demand in examined; is_number(demand.hard)}
	[namespace, resource] := place
	totals := [total |
		some workload in scaled
		workload.pod.namespace == namespace
		total := workload.most * each(workload.pod, resource)
	]
}

deny contains denial if {
	some demand in examined
	is_number(demand.hard)
	total := needed[[demand.quota.namespace, demand.resource]]
	total > demand.hard
	denial := {
		"id": "K8S015",
		"message": sprintf(
			"the quota %s holds %s of %s, and the pods at full scale need %s",
			[
				demand.quota.name,
				units.resource(demand.resource, demand.hard),
				demand.resource,
				units.resource(demand.resource, total),
			],
		),
		"path": ["orchestration", "configuration", "replicas", "max"],
		"file": demand.quota.file,
		"pointer": sprintf("/spec/hard/%s", [demand.resource]),
	}
}

deny contains denial if {
	some demand in examined
	is_string(demand.hard)
	denial := {
		"id": "K8S015",
		"message": sprintf(
			"the quota %s holds '%s' of %s, which is no quantity",
			[demand.quota.name, demand.hard, demand.resource],
		),
		"path": ["orchestration", "configuration", "replicas", "max"],
		"file": demand.quota.file,
		"pointer": sprintf("/spec/hard/%s", [demand.resource]),
	}
}
