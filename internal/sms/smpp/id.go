package smpp

import (
	"math/big"
	"strings"
)

// An id of a text is a string to us, and many servers have it in hexadecimal form in the answer and in decimal form in
// the receipt, or the other way round, since SMPP 3.3 and 3.4 differ there
// (http://www.cardboardfish.com/support/bin/view/Main/WhatIsTheFormatOfSMPPDeliveryReceipts,
// https://help.nexmo.com/hc/en-us/articles/215468998-How-to-read-a-Nexmo-SMPP-Delivery-Receipt-, both read 2026-11-23).
// Guessing would take the text 1000 for the text 4096, so a setting says it. Zeros in front and case never matter.

// answeredID is the form in which ids are compared, of one in an answer.
func (s *Sender) answeredID(id string) string {
	switch s.config.MessageIDs {
	case IDsHexDecimal:
		return inBase(id, 16)
	case IDsDecimalHex:
		return inBase(id, 10)
	}
	return plainID(id)
}

// receiptID is that form of an id in the text of a receipt.
func (s *Sender) receiptID(id string) string {
	switch s.config.MessageIDs {
	case IDsHexDecimal:
		return inBase(id, 10)
	case IDsDecimalHex:
		return inBase(id, 16)
	}
	return plainID(id)
}

// inBase reads a number and writes it in decimal form. What is none stays as it is.
func inBase(id string, base int) string {
	if strings.ContainsAny(id, "+-_") {
		return plainID(id)
	}
	n, ok := new(big.Int).SetString(id, base)
	if !ok {
		return plainID(id)
	}
	return n.String()
}

func plainID(id string) string {
	short := strings.TrimLeft(strings.ToLower(id), "0")
	if short == "" && id != "" {
		return "0"
	}
	return short
}
