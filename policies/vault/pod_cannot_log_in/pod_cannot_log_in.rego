# METADATA
# title: A pod has no token with which Vault lets it in
# description: >-
#   A token that is projected into a pod has one audience. Vault asks it to be that of the role, and then shows it to the
#   API server, which takes only its own: any other token is refused, and the job that holds it fails each time.
# custom:
#   id: VLT021
#   severity: error
#   owner: security
#   remediation: >-
#     Project a token with the cluster's vault.kubernetes_audience, and state that as the audience of the account's role.
#   section: Infrastructure Security, 2. Access Control
package vault.pod_cannot_log_in

import data.lib.kubernetes
import data.lib.vault
import rego.v1

examined contains login if {
	some pod in kubernetes.pods
	some container in pod.spec.containers
	some variable in object.get(container, "env", [])
	variable.name == "CBP_AUDIT_VAULT_LOGIN"
	login := {"pod": pod, "role": variable.value, "audiences": audiences(pod)}
}

audiences(pod) := {source.serviceAccountToken.audience |
	some volume in object.get(pod.spec, "volumes", [])
	some source in volume.projected.sources
}

able(login) if {
	some role in vault.roles
	login.role == sprintf("auth/%s/%s", [role.mount, role.name])
	role.data.bound_service_account_names == [login.pod.spec.serviceAccountName]
	role.data.bound_service_account_namespaces == [login.pod.namespace]
	role.data.audience in login.audiences
	role.data.audience == input.cluster.vault.kubernetes_audience
}

deny contains denial if {
	some login in examined
	not able(login)
	denial := {
		"id": "VLT021",
		"message": sprintf("the %s %s has no token that %s accepts", [login.pod.kind, login.pod.name, login.role]),
		"path": ["environment", "clusters", input.cluster.name, "vault", "kubernetes_audience"],
		"file": login.pod.file,
		"pointer": login.pod.pointer,
	}
}
