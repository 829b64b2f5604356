;;; call-epc.el --- What calls take with epc.el and python-epc  -*- lexical-binding: t; -*-

;; SPDX-License-Identifier: GPL-3.0-or-later

;;; Commentary:

;; For calls.py.  Tells {} where epc.el is not installed.

;;; Code:

(require 'bench)
(require 'package)

(declare-function epc:start-epc "epc" (server-prog server-args))
(declare-function epc:stop-epc "epc" (mngr))
(declare-function epc:call-sync "epc" (mngr method-name args))

(when (assq 'epc package-alist)
  (package-activate 'epc))
(if (not (require 'epc nil t))
    (bench-tell :times [])
  (let ((server (epc:start-epc (car (bench-given :server)) (cdr (bench-given :server))))
        (method (intern (bench-given :method)))
        (args (and (< 0 (bench-given :rows)) (list (bench-given :rows)))))
    (unwind-protect
        (bench-tell
         :times (bench-times
                 (bench-given :calls)
                 (lambda ()
                   (let ((result (epc:call-sync server method args)))
                     (unless (= (length result) (bench-given :rows))
                       (error "%d rows came" (length result)))))))
      (epc:stop-epc server))))

;;; call-epc.el ends here
