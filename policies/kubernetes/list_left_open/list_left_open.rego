# METADATA
# title: A list that anybody may open is not Argo CD's
# description: >-
#   Argo CD heals the fields that it has applied. Nobody has applied a list that is left out, nor an empty one of a kind
#   of Kubernetes' own, which the API server drops: what is patched into it opens the object, and the object is called
#   synced.
# custom:
#   id: K8S034
#   severity: error
#   owner: security
#   remediation: Give the list at least one entry; one that allows nobody where nothing is to be allowed.
#   section: Infrastructure Security, 1. Network Security
#   waivable: false
package kubernetes.list_left_open

import rego.v1

# opening holds, for each kind, the lists that open an object if an entry is added to them.
opening := {
	"AppProject": [
		["spec", "sourceRepos"],
		["spec", "sourceNamespaces"],
		["spec", "destinations"],
		["spec", "namespaceResourceWhitelist"],
	],
	"Cluster": [["spec", "postgresql", "pg_hba"]],
	"ClusterRole": [["rules"]],
	"ClusterRoleBinding": [["subjects"]],
	"Role": [["rules"]],
	"RoleBinding": [["subjects"]],
}

objects contains document if some document in array.concat(input.documents, input.argocd)

examined contains list if {
	some document in objects
	some path in opening[document.object.kind]
	list := {"document": document, "path": path, "entries": object.get(document.object, path, [])}
}

# A project may list the cluster-scoped kinds that it admits, or those that it refuses.
examined contains list if {
	some document in objects
	document.object.kind == "AppProject"
	admitted := object.get(document.object, ["spec", "clusterResourceWhitelist"], [])
	refused := object.get(document.object, ["spec", "clusterResourceBlacklist"], [])
	entries := array.concat(admitted, refused)
	list := {"document": document, "path": ["spec", "clusterResourceWhitelist"], "entries": entries}
}

examined contains list if {
	some document in objects
	document.object.kind == "NetworkPolicy"
	some direction in object.get(document.object, ["spec", "policyTypes"], [])
	path := ["spec", lower(direction)]
	list := {"document": document, "path": path, "entries": object.get(document.object, path, [])}
}

examined contains list if {
	some document in objects
	document.object.kind == "Service"
	object.get(document.object, ["spec", "type"], "ClusterIP") == "LoadBalancer"
	path := ["spec", "loadBalancerSourceRanges"]
	list := {"document": document, "path": path, "entries": object.get(document.object, path, [])}
}

examined contains list if {
	some document in objects
	document.object.kind == "Cluster"
	some service in object.get(document.object, ["spec", "managed", "services", "additional"], [])
	spec := service.serviceTemplate.spec
	object.get(spec, "type", "ClusterIP") == "LoadBalancer"
	entries := object.get(spec, "loadBalancerSourceRanges", [])
	list := {"document": document, "path": ["spec", "managed", "services", "additional"], "entries": entries}
}

deny contains denial if {
	some list in examined
	count(list.entries) == 0
	object := list.document.object
	pointer := concat("/", list.path)
	denial := {
		"id": "K8S034",
		"message": sprintf(
			"what is added to %s of the %s %s is healed by nobody",
			[pointer, object.kind, object.metadata.name],
		),
		"path": ["environment", "delivery", "revision"],
		"file": list.document.file,
		"pointer": sprintf("/%s", [pointer]),
	}
}
