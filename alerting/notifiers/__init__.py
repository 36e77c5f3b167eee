"""One module a kind of receiver; each makes one attempt and answers with an `alerting.delivery.Attempt`.

webhook    CloudEvents over HTTP, signed
"""
