package network.firewall_word_unkept_test

import data.network.firewall_word_unkept
import rego.v1

sizes := [{"name": "SizeRestrictions_BODY", "actionToUse": {"count": {}}}]

group(name, overrides, override) := {
	"name": name,
	"statement": {"managedRuleGroupStatement": {
		"vendorName": "AWS",
		"name": name,
		"ruleActionOverrides": overrides,
	}},
	"overrideAction": override,
}

judged(rules) := {
	"spec": {"network": {"protection": {"waf": {"enabled": true, "rules": "OWASP Top 10"}}}},
	"documents": [{"file": "w.yaml", "object": {"kind": "WebACL", "metadata": {"name": "api"}, "spec": {"rules": rules}}}],
}

common(overrides) := group("AWSManagedRulesCommonRuleSet", overrides, {"none": {}})

inputs := group("AWSManagedRulesKnownBadInputsRuleSet", [], {"none": {}})

sql(override) := group("AWSManagedRulesSQLiRuleSet", [], override)

test_all_groups_that_refuse_pass if {
	firewall_word_unkept.deny == set() with input as judged([common(sizes), inputs, sql({"none": {}})])
}

test_each_way_to_look_for_less_is_named if {
	blocked := array.concat(sizes, [{"name": "CrossSiteScripting_BODY", "actionToUse": {"count": {}}}])
	cases := [
		[[common(sizes), inputs], "the group AWSManagedRulesSQLiRuleSet is not there"],
		[[common(sizes), inputs, sql({"count": {}})], "the group AWSManagedRulesSQLiRuleSet only counts"],
		[
			[common(blocked), inputs, sql({"none": {}})],
			"the group AWSManagedRulesCommonRuleSet refuses nothing by CrossSiteScripting_BODY",
		],
		[
			[common([]), inputs, sql({"none": {}})],
			"the group AWSManagedRulesCommonRuleSet refuses by SizeRestrictions_BODY",
		],
	]
	every case in cases {
		denials := firewall_word_unkept.deny with input as judged(case[0])
		{denial.message | some denial in denials} == {case[1]}
	}
}
