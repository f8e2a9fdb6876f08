# METADATA
# title: A pod holds the password of a database role that it does not log in as
# description: >-
#   Whoever breaks into a pod has every password that it mounts. One that no address of the pod names is of use to nobody
#   else: a pod that serves has no way to become the role that migrates.
# custom:
#   id: VLT019
#   severity: error
#   owner: security
#   remediation: Mount the Secret only in pods with an address that names its role.
#   section: Infrastructure Security, 2. Access Control
#   waivable: false
package vault.password_of_another_role

import data.lib.kubernetes
import data.lib.stores
import data.lib.vault
import rego.v1

# passwords holds the database role of each Secret that is read from Vault's database engine.
passwords[namespace] contains password if {
	some item in kubernetes.objects
	item.kind == "ExternalSecret"
	some entry in item.spec.data
	some role in vault.static_roles
	entry.remoteRef.key == sprintf("static-creds/%s", [role.name])
	namespace := item.namespace
	password := {
		"secret": object.get(item.spec, ["target", "name"], item.name),
		"role": role.data.username,
	}
}

# secrets returns the names of the Secrets in a pod: of volumes, of projected volumes, and of variables.
secrets(pod) := {name |
	walk(pod.spec, [path, name])
	is_string(name)
	array.slice(path, count(path) - 2, count(path)) in naming
}

naming := {["secret", "secretName"], ["secret", "name"], ["secretKeyRef", "name"], ["secretRef", "name"]}

examined contains holding if {
	some pod in kubernetes.pods
	some password in passwords[pod.namespace]
	contains(sprintf("%v", [pod.spec]), password.secret)
	password.secret in secrets(pod)
	holding := {"pod": object.remove(pod, ["labels", "spec"]), "role": password.role}
}

deny contains denial if {
	some holding in examined
	named := {login.role | some login in stores.logins; login.file == holding.pod.file}
	count({holding.role} - named) == 1
	denial := {
		"id": "VLT019",
		"message": sprintf(
			"the pods of the %s %s hold the password of %s, and none of their addresses names that role",
			[holding.pod.kind, holding.pod.name, holding.role],
		),
		"path": ["access_control", "secrets", "storage"],
		"file": holding.pod.file,
		"pointer": holding.pod.pointer,
	}
}
