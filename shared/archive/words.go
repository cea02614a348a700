package archive

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/tenant"
)

// when writes a time in words: "3 March 2026, 14:05 UTC".
func when(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2 January 2006, 15:04 UTC")
}

// day writes the day only.
func day(t time.Time) string { return t.UTC().Format("2 January 2006") }

// count writes a number with thousands apart: "12,345".
func count(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// plural writes a number with its noun: "1 record", "2 records".
func plural(n int64, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	if stem, y := strings.CutSuffix(noun, "y"); y {
		return count(n) + " " + stem + "ies"
	}
	if strings.HasSuffix(noun, "ch") {
		noun += "e"
	}
	return count(n) + " " + noun + "s"
}

// size writes bytes for people: "1.2 MB". Units are decimal, as in file managers.
func size(n int64) string {
	if n < 1000 {
		return plural(n, "byte")
	}
	f, unit := float64(n), 0
	for ; f >= 999.95 && unit < 4; unit++ {
		f /= 1000
	}
	return fmt.Sprintf("%.1f %s", f, []string{"", "kB", "MB", "GB", "TB"}[unit])
}

// laws are what the index calls the regimes.
var laws = map[dsr.Regime]string{
	dsr.GDPR: "General Data Protection Regulation, Regulation (EU) 2016/679 (GDPR)",
	dsr.CCPA: "California Consumer Privacy Act, Cal. Civ. Code § 1798.100 and following (CCPA)",
}

// rights are the articles that an action rests on.
var rights = map[dsr.Regime]map[dsr.Action]string{
	dsr.GDPR: {dsr.Access: "Article 15, right of access", dsr.Export: "Article 20, right to data portability"},
	dsr.CCPA: {dsr.Access: "§ 1798.110 and § 1798.115, right to know", dsr.Export: "§ 1798.130(a)(3)(B), right to receive the information in a portable form"},
}

// asks are what an action asks for, in words.
var asks = map[dsr.Action]string{
	dsr.Access: "Access: everything that is held about you, with an explanation of how it is used",
	dsr.Export: "Export: the data that you provided or that was observed about you, in a form that machines can read",
}

// outcomes are how a task ended, in words.
var outcomes = map[dsr.OutcomeCode]string{
	dsr.OutcomeDone:         "Done",
	dsr.OutcomeNothingFound: "Nothing found",
	dsr.OutcomePartial:      "Done in part",
	dsr.OutcomeRefused:      "Refused",
	dsr.OutcomeManual:       "To be done by a person",
	dsr.OutcomePending:      "Not finished yet",
	dsr.OutcomeFailed:       "Not possible so far",
	"":                      "Not finished yet",
}

// categories are the categories of data in words.
var categories = map[dsr.Category]string{
	dsr.CustomerData:        "Customer data",
	dsr.SystemGeneratedLogs: "System-generated logs",
	dsr.SupportData:         "Support data",
	dsr.CustomerContact:     "Customer contact data",
	dsr.AuditLog:            "Audit log",
}

// provenances say how the organisation came by data.
var provenances = map[dsr.Provenance]string{
	dsr.Provided: "provided by you or for you",
	dsr.Observed: "observed while you used the service",
	dsr.Derived:  "derived from other data",
}

// formatWords say what a file is.
var formatWords = map[tenant.Format]string{
	tenant.JSON: "JSON, complete and exact",
	tenant.CSV:  "table (CSV)",
	tenant.XLSX: "table (Excel workbook)",
	tenant.XML:  "table (XML)",
}
