package text

import "github.com/thimble-auth/thimble/internal/locale"

// PasswordReset gives the mail with which somebody chooses a new password, or the first one. Without an organization the
// password is that of the address everywhere. A language without words of ours reads English.
func PasswordReset(tag locale.Tag, p LinkParams) (Mail, error) {
	w, ok := passwords[tag]
	if !ok {
		w = passwords[locale.English]
	}
	if p.Organization == "" {
		return linkMail(tag, w.everywhere, p)
	}
	return linkMail(tag, w.organization, p)
}

// passwordWords are the mails about passwords of one language.
type passwordWords struct{ organization, everywhere linkWords }

var passwords = map[locale.Tag]passwordWords{
	locale.English: passwordMails(linkWords{
		lead:   "Open the link below to choose a new password. Your password stays as it is until then.",
		button: "Choose a password",
		ignore: "If you did not ask for this, you can ignore this email: nobody can change your password without the link.",
		other:  "You can also log in without a password:",
	}, "Choose a password for {organization}", "Choose a new password"),
	locale.Spanish: passwordMails(linkWords{
		lead:   "Abre el siguiente enlace para elegir una contraseña nueva. Hasta entonces, tu contraseña no cambia.",
		button: "Elegir una contraseña",
		ignore: "Si no lo has pedido, puedes ignorar este correo: sin el enlace nadie puede cambiar tu contraseña.",
		other:  "También puedes iniciar sesión sin contraseña:",
	}, "Elige una contraseña para {organization}", "Elige una contraseña nueva"),
	locale.French: passwordMails(linkWords{
		lead: "Ouvrez le lien ci-dessous pour choisir un nouveau mot de passe. " +
			"D’ici là, votre mot de passe ne change pas.",
		button: "Choisir un mot de passe",
		ignore: "Si vous n’avez rien demandé, vous pouvez ignorer cet e-mail : " +
			"sans le lien, personne ne peut changer votre mot de passe.",
		other: "Vous pouvez aussi vous connecter sans mot de passe :",
	}, "Choisissez un mot de passe pour {organization}", "Choisissez un nouveau mot de passe"),
	locale.BrazilianPortuguese: passwordMails(linkWords{
		lead:   "Abra o link abaixo para escolher uma nova senha. Até lá, a sua senha continua a mesma.",
		button: "Escolher uma senha",
		ignore: "Se você não pediu isto, pode ignorar este e-mail: sem o link ninguém consegue mudar a sua senha.",
		other:  "Você também pode entrar sem senha:",
	}, "Escolha uma senha para {organization}", "Escolha uma nova senha"),
}

func passwordMails(w linkWords, organization, everywhere string) passwordWords {
	var p passwordWords
	p.organization, p.everywhere = w, w
	p.organization.subject, p.organization.heading = organization, organization
	p.everywhere.subject, p.everywhere.heading = everywhere, everywhere
	return p
}
