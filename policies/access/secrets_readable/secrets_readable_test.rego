package access.secrets_readable_test

import data.access.secrets_readable
import rego.v1

role(rules) := {"documents": [{"file": "r.yaml", "object": {
	"kind": "Role",
	"metadata": {"name": "r", "namespace": "n"},
	"rules": rules,
}}]}

test_what_leads_to_secrets_may_be_looked_at if {
	rules := [{"apiGroups": ["external-secrets.io"], "resources": ["externalsecrets"], "verbs": ["get"]}]
	secrets_readable.deny == set() with input as role(rules)
}

test_every_verb_on_secrets_is_denied if {
	rules := [{"apiGroups": [""], "resources": ["pods", "secrets"], "verbs": ["list", "watch"]}]
	denials := secrets_readable.deny with input as role(rules)
	{denial.message | some denial in denials} == {
		"the Role r gives 'list' on secrets",
		"the Role r gives 'watch' on secrets",
	}
}
