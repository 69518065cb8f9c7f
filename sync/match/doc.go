// Package match decides which chart on the clinic's server is the person whose
// record was shared, if any is.
//
// The promise: precision first. A chart is named "certain" only when one of the
// listed rules fires (Rules: the table of the CMS Patient Matching proposal
// with the restrictions of guard.go), when it is the only such chart, when it
// is alive and active, and when the birth date that the person typed equals
// the record's and the chart's. Nobody found is "none". Everything else is for
// staff, with the fields that agreed, differed or were missing. The server's
// own $match is asked first and its answers are candidates, never verdicts:
// each is compared here again, and where server and table contradict each
// other staff decide.
//
// What lives together is the trap: twins, siblings, parent and child, people in
// one institution share names, birth dates, addresses and phones. A rule that
// only holds what a household shares therefore needs the first name exactly
// (or its plain short form, or a misspelling that is no other name).
//
// A full SSN or ITIN never leaves in a query: its last four digits do.
//
// The limits: names in other scripts are compared as written, not
// transliterated; there is no phonetic comparison; foreign addresses are
// compared after folding only. Two people of one name, birth date and phone
// cannot be told apart by demographics at all: that is what the typed facts
// and staff are for.
package match

// RulesVersion names the rule table and its tables of names and placeholders.
// It is part of every Decision (CMS proposal, audit).
const RulesVersion = "cms-3.3.0/shlkiosk-2"
