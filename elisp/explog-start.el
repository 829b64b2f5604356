;;; explog-start.el --- Mark an experiment as begun  -*- lexical-binding: t; -*-

;; Copyright (C) 2026 The explog contributors

;; SPDX-License-Identifier: GPL-3.0-or-later

;; This file is not part of GNU Emacs.

;;; Commentary:

;; `explog-start' sets the TODO state of an experiment to the one that
;; means that it is in progress, with `org-todo'.  When results come to an
;; experiment that is not begun, a message offers that.

;;; Code:

(require 'explog-base)
(require 'explog-edit)
(require 'explog-point)
(require 'explog-ref)
(require 'explog-write)
(require 'org)

;;;###autoload
(defun explog-start ()
  "Set the TODO state of an experiment to `explog-start-state'.
Org logs the change as usual.  The experiment is found as by
`explog-note'."
  (interactive)
  (let* ((state (or explog-start-state (user-error "`explog-start-state' is nil")))
         (id (explog-start--which))
         (buffer (car (explog-write-visit id))))
    (unless (member state (buffer-local-value 'org-todo-keywords-1 buffer))
      (user-error "%s is no TODO keyword in %s; see `explog-start-state'"
                  state (buffer-name buffer)))
    (setq explog-edit-unstarted nil)
    (explog-write-away buffer id
                       (lambda ()
                         (explog-write-todo state)
                         (format "%s is %s" id state)))))

(defun explog-start--which ()
  "Return the id of the experiment to start; ask if it is not clear."
  (let ((here (explog-ref-in-log)))
    (car (if explog-edit-unstarted
             (explog-point-choose "Start" (delete-dups
                                           (delq nil (list (list explog-edit-unstarted)
                                                           (and here (list (car here)))))))
           (explog-write-about "Start")))))

(provide 'explog-start)
;;; explog-start.el ends here
