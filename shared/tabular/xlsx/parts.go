package xlsx

// The fixed parts of a workbook (ECMA-376 parts 1 and 2).
const (
	xmlHead      = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>` + "\n"
	mainSpace    = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
	relSpace     = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
	packageSpace = "http://schemas.openxmlformats.org/package/2006/relationships"
	typePrefix   = "application/vnd.openxmlformats-officedocument.spreadsheetml."

	// contentTypes is the first file, by which programs know the format. It does not know yet
	// how many worksheets there will be, so that is what any other file is.
	contentTypes = `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">` +
		`<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>` +
		`<Default Extension="xml" ContentType="` + typePrefix + `worksheet+xml"/>` +
		`<Override PartName="/xl/workbook.xml" ContentType="` + typePrefix + `sheet.main+xml"/>` +
		`<Override PartName="/xl/styles.xml" ContentType="` + typePrefix + `styles+xml"/></Types>`

	packageRels = `<Relationships xmlns="` + packageSpace + `"><Relationship Id="rId1" Type="` + relSpace +
		`/officeDocument" Target="xl/workbook.xml"/></Relationships>`

	// styles has two formats of cells: 0 for all, 1 for dates (22 is "m/d/yy h:mm" in the
	// reader's own form).
	styles = `<styleSheet xmlns="` + mainSpace + `"><fonts count="1"><font/></fonts><fills count="1"><fill/></fills>` +
		`<borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs>` +
		`<cellXfs count="2"><xf/><xf numFmtId="22" applyNumberFormat="1"/></cellXfs></styleSheet>`
)
