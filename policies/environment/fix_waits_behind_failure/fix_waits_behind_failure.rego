# METADATA
# title: A fix waits behind the release that failed
# description: >-
#   Argo CD tries a failed sync again at the commit at which it began, and waits for a confirmation at that commit too. As
#   long as it does, no later commit is applied, the one that mends it included.
# custom:
#   id: DEP022
#   severity: error
#   owner: platform
#   remediation: Set syncPolicy.retry.refresh to true, and no sync option to confirm.
#   section: Deployment Configuration, 2. Orchestration
package environment.fix_waits_behind_failure

import rego.v1

# at holds where each kind says how an Application is synced.
at := {"Application": ["spec"], "ApplicationSet": ["spec", "template", "spec"]}

examined contains use if {
	some document in input.argocd
	path := at[document.object.kind]
	retry := object.get(document.object, array.concat(path, ["syncPolicy", "retry"]), {})
	use := {
		"name": sprintf("%s %s", [document.object.kind, document.object.metadata.name]),
		"file": document.file,
		"pointer": sprintf("/%s/syncPolicy/retry", [concat("/", path)]),
		"moves": object.get(retry, "refresh", false),
		"because": "tries a failed sync again without looking for a newer commit",
	}
}

examined contains use if {
	some document in array.concat(input.documents, input.argocd)
	annotations := object.get(document.object, ["metadata", "annotations"], {})
	options := object.get(annotations, "argocd.argoproj.io/sync-options", "")
	use := {
		"name": sprintf("%s %s", [document.object.kind, document.object.metadata.name]),
		"file": document.file,
		"pointer": "/metadata/annotations",
		"moves": count({option | some option in split(options, ","); endswith(option, "=confirm")}) == 0,
		"because": "has Argo CD wait for a confirmation at one commit",
	}
}

deny contains denial if {
	some use in examined
	use.moves != true
	denial := {
		"id": "DEP022",
		"message": sprintf("the %s %s", [use.name, use.because]),
		"path": ["environment", "delivery", "revision"],
		"file": use.file,
		"pointer": use.pointer,
	}
}
