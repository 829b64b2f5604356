;;; explog-attention.el --- A sign when something needs the user  -*- lexical-binding: t; -*-

;; Copyright (C) 2026 The explog contributors

;; SPDX-License-Identifier: GPL-3.0-or-later

;; This file is not part of GNU Emacs.

;;; Commentary:

;; The mode line has ` explog:2!' while two problems wait for the user,
;; ` explog:!' while the server cannot run, and nothing else at any time.
;; The server tells when that changes; nobody polls.

;;; Code:

(require 'explog)
(require 'seq)
(require 'subr-x)

(declare-function explog-bridge-last-problem "explog-bridge" ())
(declare-function explog-check "explog-check" ())

(defface explog-attention '((t :inherit warning))
  "The sign in the mode line that something needs you."
  :group 'explog)

(defvar explog-attention--count 0
  "How many problems wait for the user.")

(defvar explog-attention--texts nil
  "What the first of these problems are, strings.")

(defvar explog-attention-sign ""
  "What the mode line shows.")
;; Else it could have no keymap.
(put 'explog-attention-sign 'risky-local-variable t)

(defvar explog-attention--map
  (let ((map (make-sparse-keymap)))
    (define-key map [mode-line mouse-1] #'explog-attention)
    map)
  "The keys of the sign.")

;;;; What is the matter

(defun explog-attention-set (count texts)
  "Note that COUNT problems wait for the user; TEXTS tell of the first of them.
The server calls this."
  (setq explog-attention--count count
        explog-attention--texts texts)
  (explog-attention--show)
  t)

(defun explog-attention-restart ()
  "Note that the server stopped, or is a new one, which has said nothing yet."
  (setq explog-attention--count 0
        explog-attention--texts nil)
  (explog-attention--show))

(defun explog-attention--texts ()
  "Return what needs the user, a list of strings."
  (if-let ((problem (and (featurep 'explog-bridge) (explog-bridge-last-problem))))
      (list problem)
    (let ((more (- explog-attention--count (length explog-attention--texts))))
      (append explog-attention--texts
              (and (> more 0) (list (format "... and %d more" more)))))))

;;;###autoload
(defun explog-attention ()
  "Look into what needs you: `explog-check', or else `explog-doctor'."
  (interactive)
  (cond ((and (featurep 'explog-bridge) (explog-bridge-last-problem))
         (explog-doctor))
        ((zerop explog-attention--count)
         (user-error "Nothing needs you"))
        ((fboundp 'explog-check) (call-interactively #'explog-check))
        (t (message "%s" (string-join (explog-attention--texts) "\n")))))

;;;; The sign

(defun explog-attention--show ()
  "Have the mode line show the sign if there is something to show, else not."
  (let* ((texts (and explog-mode (explog-attention--texts)))
         (sign (if texts (explog-attention--make texts) "")))
    (unless (equal-including-properties sign explog-attention-sign)
      (setq explog-attention-sign sign)
      (if texts
          (explog-attention--add)
        (explog-attention-remove))
      (force-mode-line-update t))))

(defun explog-attention--make (texts)
  "Return the sign that TEXTS are there to be looked into."
  (concat " "
          (propertize (if (zerop explog-attention--count)
                          "explog:!"
                        (format "explog:%d!" explog-attention--count))
                      'face 'explog-attention
                      'mouse-face 'mode-line-highlight
                      'local-map explog-attention--map
                      'help-echo (concat (string-join texts "\n")
                                         "\nmouse-1: look into it"))))

(defvar explog-attention--wrapped nil
  "What was made of `global-mode-string', which was no list, and that: a cons.")

(defun explog-attention--add ()
  "Put the sign into the mode line, behind what others have there."
  (unless (explog-attention--there-p)
    (let ((others global-mode-string))
      ;; A list that begins with a symbol is one thing to show, not several.
      (unless (and (consp others) (or (consp (car others)) (stringp (car others))))
        (setq others (if others (list "" others) (list ""))
              explog-attention--wrapped (cons others global-mode-string)))
      (setq global-mode-string (append others (list 'explog-attention-sign))))))

(defun explog-attention--there-p ()
  "Return non-nil if the sign is in the mode line."
  (and (consp global-mode-string)
       (memq 'explog-attention-sign global-mode-string)))

(defun explog-attention-remove ()
  "Take the sign out of the mode line."
  (setq explog-attention-sign "")
  (when (explog-attention--there-p)
    (let ((rest (remq 'explog-attention-sign global-mode-string)))
      ;; Others may have put something there since.
      (setq global-mode-string (if (equal rest (car explog-attention--wrapped))
                                   (cdr explog-attention--wrapped)
                                 rest)
            explog-attention--wrapped nil))))

(provide 'explog-attention)
;;; explog-attention.el ends here
