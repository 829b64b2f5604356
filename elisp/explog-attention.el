;;; explog-attention.el --- Show what needs the user  -*- lexical-binding: t; -*-

;; Copyright (C) 2026 The explog contributors

;; SPDX-License-Identifier: GPL-3.0-or-later

;; This file is not part of GNU Emacs.

;;; Commentary:

;; The mode line has ` explog:2!' while two problems wait for the user,
;; ` explog:!' while the server cannot run, and nothing else at any time.
;; The server tells when that changes; nobody polls.
;;
;; A step that bears a hash and got another number means something else
;; than its commit says.  The server tells which steps these are whenever
;; that changes; a log shows it behind the hash, until the list is put
;; right.  The text of the log is not touched.

;;; Code:

(require 'cl-lib)
(require 'explog-base)
(require 'explog-log)
(require 'explog-settings)
(require 'seq)
(require 'subr-x)

(autoload 'explog-check "explog-check" nil t)
(autoload 'explog-doctor "explog-doctor" nil t)

(declare-function explog-server-last-problem "explog-server" ())

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
  (explog-attention-show)
  t)

(defun explog-attention-restart ()
  "Note that the server stopped, or is a new one, which has said nothing yet."
  (setq explog-attention--count 0
        explog-attention--texts nil)
  (explog-attention-show))

(defun explog-attention--texts ()
  "Return what needs the user, a list of strings."
  (if-let ((problem (and (featurep 'explog-server) (explog-server-last-problem))))
      (cons problem (mapcar #'cdr explog-settings-problems))
    (let ((more (- explog-attention--count (length explog-attention--texts))))
      (append (mapcar #'cdr explog-settings-problems)
              explog-attention--texts
              (and (> more 0) (list (format "... and %d more" more)))))))

;;;###autoload
(defun explog-attention ()
  "Look into what needs you: `explog-check', or else `explog-doctor'."
  (interactive)
  (cond ((or explog-settings-problems
             (and (featurep 'explog-server) (explog-server-last-problem)))
         (explog-doctor))
        ((zerop explog-attention--count)
         (user-error "Nothing needs you"))
        ((fboundp 'explog-check) (call-interactively #'explog-check))
        (t (message "%s" (string-join (explog-attention--texts) "\n")))))

;;;; The sign

(defun explog-attention-show ()
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
                        (format "explog:%d!" (+ explog-attention--count
                                                (length explog-settings-problems))))
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

;;;; Flags in a log

(defface explog-renumbered '((t :inherit warning))
  "A step whose hash belongs to another number."
  :group 'explog)

(cl-defstruct (explog-flags-row (:type list) (:constructor nil) (:copier nil))
  "A step whose hash belongs to another number, as the server sends it."
  file line experiment hash message)

(defvar explog-flags--all nil
  "The flags that the server told of, a list of `explog-flags-row'.")

(defun explog-flags-set (flags)
  "Show FLAGS, a list of (FILE LINE ID HASH MESSAGE), and no others.
The server calls this."
  (setq explog-flags--all (and explog-mode flags))
  (if explog-flags--all
      (add-hook 'find-file-hook #'explog-flags--show)
    (remove-hook 'find-file-hook #'explog-flags--show))
  (dolist (buffer (buffer-list))
    (when (buffer-local-value 'buffer-file-name buffer)
      (with-current-buffer buffer
        (explog-flags--show))))
  t)

(defun explog-flags-remove ()
  "Show no flag any more."
  (explog-flags-set nil))

(defun explog-flags--show ()
  "Show the flags of the log in the current buffer, and no others."
  (let ((flags (and explog-flags--all
                    (explog-log-buffer-p)
                    (seq-filter (lambda (flag) (explog-flags--here-p (explog-flags-row-file flag)))
                                explog-flags--all))))
    (save-excursion
      (save-restriction
        (widen)
        (remove-overlays nil nil 'explog-flag t)
        (dolist (flag flags)
          (when-let ((end (explog-flags--place (explog-flags-row-line flag)
                                               (explog-flags-row-experiment flag)
                                               (explog-flags-row-hash flag))))
            (explog-flags--put end (explog-flags-row-hash flag)
                               (explog-flags-row-message flag))))))))

(defun explog-flags--here-p (file)
  "Return non-nil if the current buffer visits FILE."
  (or (equal file buffer-file-name)
      (equal (file-truename file) (expand-file-name buffer-file-truename))))

(defun explog-flags--place (line id hash)
  "Return the end of HASH, in parentheses, in experiment ID, or nil.
LINE is where it is in the file, and near to where it is here."
  (goto-char (point-min))
  (forward-line (1- line))
  (let ((text (format "(%s)" hash)))
    (if (search-forward text (line-end-position) t)
        (point)
      (seq-some (lambda (start)
                  (goto-char start)
                  (search-forward text (explog-log-entry-end) t))
                (explog-log-places id)))))

(defun explog-flags--put (end hash message)
  "Show MESSAGE behind HASH, which with its parentheses has its end at END."
  (let ((overlay (make-overlay (- end (length hash) 2) end nil t)))
    (overlay-put overlay 'explog-flag t)
    (overlay-put overlay 'evaporate t)
    (overlay-put overlay 'face 'explog-renumbered)
    (overlay-put overlay 'help-echo message)
    (overlay-put overlay 'after-string
                 (propertize (format " ← %s" (explog-flags--short message))
                             'face 'explog-renumbered 'help-echo message))))

(defun explog-flags--short (message)
  "Return MESSAGE without the hash that it begins with, as that stands there."
  (replace-regexp-in-string "\\`[[:xdigit:]]+ " "" message))

(provide 'explog-attention)
;;; explog-attention.el ends here
