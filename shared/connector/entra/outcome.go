package entra

import (
	"slices"
	"strings"

	"github.com/rightsdesk/rightsdesk/shared/dsr"
)

// outcome says how the export ended, and names what could not be read.
func (e *export) outcome() dsr.Outcome {
	var reasons []string
	switch e.at.State {
	case userDeleted:
		reasons = append(reasons, "The account is deleted: Microsoft Entra ID keeps its relations, memberships, assignments, devices and authentication methods "+
			"for a restore within 30 days of the deletion, but shows only its profile meanwhile.")
	case userGone:
		reasons = append(reasons, "The account that was found is no longer there, neither among the users nor among the deleted ones.")
	}
	for _, g := range e.at.Gaps {
		reasons = append(reasons, g.sentence())
	}
	reason := strings.Join(reasons, " ")
	switch {
	case e.at.Records == 0 && len(e.at.Gaps) == 0 && e.at.State != userDeleted:
		return dsr.Outcome{Code: dsr.OutcomeNothingFound, Reason: reason}
	case reason != "":
		return dsr.Outcome{Code: dsr.OutcomePartial, Reason: reason}
	}
	return dsr.Outcome{Code: dsr.OutcomeDone}
}

func (g gap) sentence() string {
	title := g.Kind
	if i := slices.IndexFunc(kinds, func(k kind) bool { return k.Name == g.Kind }); i >= 0 {
		title = kinds[i].Title
	}
	what := title + " (" + g.Kind + ")"
	switch g.Why {
	case whyPremium:
		return what + " could not be read: the tenant has no licence for Microsoft Entra ID P1."
	case whyHidden:
		return what + " could be read in part only: of some objects only the id is shown without the permission " + g.Permission + "."
	}
	return what + " could not be read: the permission " + g.Permission + " is missing."
}
