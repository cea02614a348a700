package archive

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// titleOf makes a title of a member's name: "onPremisesSyncEnabled" becomes "On premises sync
// enabled". Abbreviations stay as they are: "userUPN" becomes "User UPN".
func titleOf(name string) string {
	words := strings.FieldsFunc(name, func(r rune) bool { return strings.ContainsRune("_-.@#", r) })
	if len(words) == 0 {
		return name
	}
	for i, w := range words {
		words[i] = withoutCamelCase(w)
	}
	title := strings.Join(words, " ")
	first, n := utf8.DecodeRuneInString(title)
	return string(unicode.ToUpper(first)) + title[n:]
}

// withoutCamelCase puts a blank before each capital that follows a small letter, and makes a
// capital small that has no other beside it.
func withoutCamelCase(word string) string {
	rs := []rune(word)
	capital := func(i int) bool { return i >= 0 && i < len(rs) && unicode.IsUpper(rs[i]) }
	var out strings.Builder
	for i, r := range rs {
		if capital(i) && i > 0 && unicode.IsLower(rs[i-1]) {
			out.WriteByte(' ')
		}
		if capital(i) && !capital(i-1) && !capital(i+1) {
			r = unicode.ToLower(r)
		}
		out.WriteRune(r)
	}
	return out.String()
}
