package connector

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Setting is something that a tenant says of a system where it names it, such as which
// environment is meant. It is data, so that checks and documents are made from it. It never
// holds a secret, since the tenants' document is not protected as secrets are.
type Setting struct {
	Name     string // key in the tenant's document: [a-z][0-9A-Za-z]{0,62}
	Meaning  string // what it says, in words: "which of the organisation's clubs is read"
	Form     string // regular expression that the whole value matches
	Example  string // a value of that form
	Required bool
}

// Mistake is what is wrong with one of the settings that a tenant gives.
type Mistake struct {
	Setting string // name of the setting
	Text    string // what is wrong and what is expected; the value is not quoted
}

func (s Setting) matches(value string) bool {
	form, err := regexp.Compile(`^(?:` + s.Form + `)$`)
	return err == nil && form.MatchString(value)
}

var settingName = regexp.MustCompile(`^[a-z][0-9A-Za-z]{0,62}$`)

// reserved are the keys that every system of a tenant has in its document.
var reserved = []string{"name", "system"}

// settingMistakes reports what is wrong with the settings that a descriptor declares.
func settingMistakes(settings []Setting) []string {
	var out []string
	for i, s := range settings {
		if !settingName.MatchString(s.Name) || slices.Contains(reserved, s.Name) ||
			slices.ContainsFunc(settings[:i], func(o Setting) bool { return o.Name == s.Name }) {
			out = append(out, fmt.Sprintf("the name of setting %q must match [a-z][0-9A-Za-z]{0,62}, be used once and be none of %s", s.Name, strings.Join(reserved, ", ")))
		}
		if s.Meaning == "" || s.Form == "" || !s.matches(s.Example) {
			out = append(out, fmt.Sprintf("setting %q needs a meaning, a form and an example that has the form", s.Name))
		}
	}
	return out
}
