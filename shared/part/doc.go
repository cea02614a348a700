// Package part stores what a system hands over in parts: blobs that each hold finished members of a
// later archive, as many as fit, and say what they hold.
//
// A package of any size is then put together by copying bytes. A member is a deflated file with
// its type: the records of one kind as JSON, their tabular forms, or any other file. The tabular
// forms are made from the JSON bytes that are stored, and from nothing else.
//
// A part ends when it is full, after a minute, or with the task. Its name has a random id. What
// counts as stored is what the row of the task names: a part is recorded there under the claim,
// after its blob was created, and the last one by the transaction that ends the task. The first
// part with a number counts. A blob that no row names is deleted with the parts.
//
// The form of a part, with numbers in little-endian order:
//
//	members    the deflated bytes of each, one after the other
//	directory  JSON: the members, and the sealed state of the export after this part
//	footer     32 bytes: magic "rd-part\n", version (4), CRC-32 of the directory (4),
//	           its offset (8), its length (8)
package part
