# METADATA
# title: The firewall does not keep the word that names its rules
# description: >-
#   A word as OWASP Top 10 stands for managed rule groups. A group that is left out, only counts, or has rules that only
#   count looks for less. The rule that refuses bodies above 8 KiB would refuse entries that the API takes.
# custom:
#   id: NET020
#   severity: error
#   owner: security
#   remediation: >-
#     Give the web ACL each group of the word, let it refuse, and let no rules count but those that policies/firewall/data.yaml
#     lists.
#   section: Infrastructure Security, 1. Network Security
package network.firewall_word_unkept

import data.firewall
import rego.v1

waf := input.spec.network.protection.waf

acls contains acl if {
	waf.enabled == true
	some document in input.documents
	document.object.kind == "WebACL"
	acl := {"file": document.file, "rules": document.object.spec.rules}
}

examined contains item if {
	some acl in acls
	some group in firewall.groups[waf.rules]
	item := {"file": acl.file, "group": group, "rules": [rule |
		some rule in acl.rules
		rule.statement.managedRuleGroupStatement.vendorName == "AWS"
		rule.statement.managedRuleGroupStatement.name == group
	]}
}

overridden(rule) := {each.name: object.keys(each.actionToUse) |
	some each in object.get(rule.statement.managedRuleGroupStatement, "ruleActionOverrides", [])
}

faults(item) := {"is not there"} if count(item.rules) == 0

faults(item) := weaker | silent | stricter if {
	count(item.rules) > 0
	weaker := {"only counts" | some rule in item.rules; object.get(rule, ["overrideAction", "none"], null) == null}
	silent := {sprintf("refuses nothing by %s", [name]) |
		some rule in item.rules
		some name, actions in overridden(rule)
		not name in firewall.counting
		count(actions - {"block"}) > 0
	}
	stricter := {sprintf("refuses by %s", [name]) |
		some rule in item.rules
		some name in object.get(firewall.counted, item.group, [])
		object.get(overridden(rule), name, set()) != {"count"}
	}
}

deny contains denial if {
	some item in examined
	some fault in faults(item)
	denial := {
		"id": "NET020",
		"message": sprintf("the group %s %s", [item.group, fault]),
		"path": ["network", "protection", "waf", "rules"],
		"file": item.file,
		"pointer": "/spec/rules",
	}
}
