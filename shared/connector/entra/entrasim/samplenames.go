package entrasim

// name is a given name or surname with its form in addresses.
type name struct{ text, slug string }

// Names are chosen to break careless code: apostrophes, umlauts, scripts that are not Latin,
// right-to-left, emoji, one letter.
var givenNames = []name{
	{"Ada", "ada"},
	{"Björn", "bjorn"},
	{"Chloé", "chloe"},
	{"Dmitri", "dmitri"},
	{"Éva", "eva"},
	{"Fatima", "fatima"},
	{"Grace", "grace"},
	{"Håkon", "hakon"},
	{"İbrahim", "ibrahim"},
	{"Jürgen", "jurgen"},
	{"Kwame", "kwame"},
	{"Łucja", "lucja"},
	{"Mei 美", "mei"},
	{"Noor", "noor"},
	{"Oluwaseun", "oluwaseun"},
	{"Pavel", "pavel"},
	{"Quinn 🌟", "quinn"},
	{"Rosa", "rosa"},
	{"Søren", "soren"},
	{"Tomás", "tomas"},
	{"Ursula", "ursula"},
	{"Vihaan", "vihaan"},
	{"Wei", "wei"},
	{"Xóchitl", "xochitl"},
	{"Yuki", "yuki"},
	{"Zoë", "zoe"},
	{"محمد", "muhammad"},
	{"さくら", "sakura"},
	{"Анна", "anna"},
	{"D'Arcy", "darcy"},
}

var surnames = []name{
	{"Ahlgren", "ahlgren"},
	{"Bauer", "bauer"},
	{"Çelik", "celik"},
	{"Dvořák", "dvorak"},
	{"Eriksson", "eriksson"},
	{"Fernández", "fernandez"},
	{"Groß", "gross"},
	{"Hernández-Ruiz", "hernandez-ruiz"},
	{"Ibsen", "ibsen"},
	{"Jovanović", "jovanovic"},
	{"Kowalski", "kowalski"},
	{"Lindqvist", "lindqvist"},
	{"Müller", "mueller"},
	{"Nguyễn", "nguyen"},
	{"O'Brien", "obrien"},
	{"Papadopoulos", "papadopoulos"},
	{"Quispe", "quispe"},
	{"Rossi", "rossi"},
	{"Saito 斎藤", "saito"},
	{"Tanaka", "tanaka"},
	{"Ünal", "unal"},
	{"van der Berg", "vanderberg"},
	{"Wójcik", "wojcik"},
	{"X", "x"},
	{"Yılmaz", "yilmaz"},
	{"Žižek", "zizek"},
	{"de la Cruz", "delacruz"},
	{"李", "li"},
	{"عبد الله", "abdullah"},
	{"O'Neill", "oneill"},
}

// Titles and departments hold what a spreadsheet runs as a formula, and what a page runs as markup.
var jobTitles = []string{
	"Engineer", "Account Manager", "=cmd|' /C calc'!A0", "Analyst", "+1+1", "Driver", "@SUM(1+1)*cmd|' /C calc'!A0", "Nurse",
	"-2+3", "Head of \"Special\" Projects; R&D", "Buyer, EMEA", "<script>alert(1)</script>", "Teamleiterin", "\tTabbed",
}

var departments = []string{"Sales", "Legal", "Research & Development", "Human Resources", "Finance", "Support", "<b>Marketing</b>"}

type place struct{ city, state, postal, country, usage, language, street string }

var places = []place{
	{"Seattle", "WA", "98101", "United States", "US", "en-US", "1 Example Way"},
	{"Berlin", "Berlin", "10115", "Germany", "DE", "de-DE", "Beispielstraße 12"},
	{"Kraków", "Małopolska", "30-001", "Poland", "PL", "pl-PL", "ul. Przykładowa 3\nm. 4"},
	{"東京", "東京都", "100-0001", "Japan", "JP", "ja-JP", "例町1丁目"},
	{"Dublin", "", "D02 XY00", "Ireland", "IE", "en-IE", "Flat 2, O'Connell \"House\""},
	{"São Paulo", "SP", "01000-000", "Brazil", "BR", "pt-BR", "Rua do Exemplo, 5"},
}

var (
	appNames    = []string{"Expense Portal", "Timesheets", "Travel", "Learning Hub", "CRM Connector", "Survey \"Pulse\"", "Fleet", "Canteen"}
	groupKinds  = []string{"Project", "Team", "Distribution", "All Hands", "Access"}
	groupThemes = []string{"Aurora", "Bürgerbüro", "Café", "Delta; East", "Émile", "=SUM(A1:A9)", "花火", "🚀 Launch"}
	clientApps  = []string{"Browser", "Mobile Apps and Desktop clients", "Exchange ActiveSync"}
	browsers    = []string{"Edge 131.0", "Chrome 131.0", "Safari 18.1", "Firefox 133.0"}
	systems     = []string{"Windows10", "MacOs", "Ios 18.1", "Android 15"}
)
