package archive

import (
	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/tenant"
)

// statement is one of the tenant's statements, with its heading and the place in the law that
// asks for it.
type statement struct {
	Title, Law string
	Lines      []string
}

// statements are what an answer under the regime opens with, in the order of the law.
// Statements that the tenant left empty are left out.
func statements(regime dsr.Regime, s tenant.Statements) []statement {
	all := []struct {
		title, gdpr, ccpa string
		lines             []string
	}{
		{"Why your data is used", "Article 15(1)(a)", "§ 1798.110(a)(3)", s.Purposes},
		{"Which categories of data are held", "Article 15(1)(b)", "§ 1798.110(a)(1)", s.Categories},
		{"Who receives your data", "Article 15(1)(c)", "§ 1798.110(a)(4)", s.Recipients},
		{"How long your data is kept", "Article 15(1)(d)", "§ 1798.100(a)(3)", s.Retention},
		{"Your rights", "Article 15(1)(e) and (f)", "§ 1798.130(a)(5)(A)", s.Rights},
		{"Where your data came from", "Article 15(1)(g)", "§ 1798.110(a)(2)", s.Sources},
		{"Automated decisions", "Article 15(1)(h)", "", s.AutomatedDecisions},
	}
	var out []statement
	for _, a := range all {
		law := a.gdpr
		if regime == dsr.CCPA {
			law = a.ccpa
		}
		if len(a.lines) > 0 {
			out = append(out, statement{a.title, law, a.lines})
		}
	}
	if regime == dsr.CCPA && len(s.SoldOrShared) > 0 {
		out = append(out, statement{"What was sold or shared", "§ 1798.115(a)", s.SoldOrShared})
	}
	return out
}
