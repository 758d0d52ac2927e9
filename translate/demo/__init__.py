"""The bundled sample of `stw demo`, and the two scripts that made it. See README.md here."""
