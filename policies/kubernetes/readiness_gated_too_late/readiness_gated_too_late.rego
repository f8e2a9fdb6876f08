# METADATA
# title: Pods start before the load balancer that gates their readiness
# description: >-
#   The controller adds its readiness gate to a pod at its creation, and only if the load balancer is there. Pods that
#   are created before it count as ready without being healthy for it, and the next update removes old ones too early.
# custom:
#   id: K8S039
#   severity: error
#   owner: reliability
#   remediation: Give Ingress and Service a sync wave before that of the Deployment.
#   section: Infrastructure Scaling, 3. Load Balancing
package kubernetes.readiness_gated_too_late

import rego.v1

wave(object_) := to_number(object.get(object_, ["metadata", "annotations", "argocd.argoproj.io/sync-wave"], "0"))

here(object_) := object.get(object_, ["metadata", "namespace"], "")

# Each Ingress and each Service that it leads to, with the waves of the Deployments of its namespace.
examined contains entry if {
	some document in input.documents
	document.object.kind in {"Ingress", "Service"}
	some ingress in input.documents
	ingress.object.kind == "Ingress"
	here(ingress.object) == here(document.object)
	some deployment in input.documents
	deployment.object.kind == "Deployment"
	here(deployment.object) == here(document.object)
	entry := {
		"file": document.file,
		"kind": document.object.kind,
		"name": object.get(document.object, ["metadata", "name"], ""),
		"wave": wave(document.object),
		"pods": wave(deployment.object),
	}
}

deny contains denial if {
	some entry in examined
	entry.wave >= entry.pods
	denial := {
		"id": "K8S039",
		"message": sprintf(
			"the %s %s is applied in wave %d, and the pods behind it start in wave %d",
			[entry.kind, entry.name, entry.wave, entry.pods],
		),
		"path": ["load_balancing", "application", "type"],
		"file": entry.file,
		"pointer": "/metadata/annotations",
	}
}
