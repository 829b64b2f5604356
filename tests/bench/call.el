;;; call.el --- What calls of our server take  -*- lexical-binding: t; -*-

;; SPDX-License-Identifier: GPL-3.0-or-later

;;; Commentary:

;; For calls.py.

;;; Code:

(require 'bench)
(require 'explog-server)

(defun bench-call (&rest args)
  "Call the method given with ARGS, and check that as many rows come."
  (let ((result (explog-server-call-sync (bench-given :method) args)))
    (unless (= (length result) (bench-given :rows))
      (error "%d rows came" (length result)))))

(setq explog-server-command (bench-given :server))
(explog-server-start)
(bench-wait-ready)
(let ((args (and (< 0 (bench-given :rows)) (list (bench-given :rows)))))
  (bench-tell :times (bench-times (bench-given :calls)
                                  (lambda () (apply #'bench-call args)))))

;;; call.el ends here
