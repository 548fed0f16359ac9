package totp

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"net/url"
	"strings"

	"github.com/boombuler/barcode/qr"
)

// Sizes of the picture: pixels of a module, and modules of the white margin that readers need (ISO/IEC 18004 §6.3.8).
const (
	pixels = 5
	margin = 4
)

// keyURI gives the text that authenticator apps read. A colon parts issuer and account, so neither may hold one.
func keyURI(project, account, seed string) string {
	escape := func(text string) string {
		return strings.ReplaceAll(url.QueryEscape(strings.ReplaceAll(text, ":", " ")), "+", "%20")
	}
	return fmt.Sprintf("otpauth://totp/%s:%s?secret=%s&issuer=%s&algorithm=SHA1&digits=%d&period=%d",
		escape(project), escape(account), seed, escape(project), digits, period)
}

// picture draws a text as a QR code and gives it as the data URL of a PNG (RFC 2397).
func picture(text string) (string, error) {
	code, err := qr.Encode(text, qr.M, qr.Unicode)
	if err != nil {
		return "", fmt.Errorf("encode a QR code: %w", err)
	}
	modules := code.Bounds().Dx()
	side := (modules + 2*margin) * pixels
	canvas := image.NewPaletted(image.Rect(0, 0, side, side), color.Palette{color.White, color.Black})
	for y := range modules * pixels {
		for x := range modules * pixels {
			if r, _, _, _ := code.At(x/pixels, y/pixels).RGBA(); r == 0 {
				canvas.SetColorIndex(x+margin*pixels, y+margin*pixels, 1)
			}
		}
	}

	var b bytes.Buffer
	if err := png.Encode(&b, canvas); err != nil {
		return "", fmt.Errorf("draw a QR code: %w", err)
	}
	return "data:image/png;base64," + base64.StdEncoding.EncodeToString(b.Bytes()), nil
}
